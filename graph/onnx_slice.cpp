// Shape rules and lowering of what picks and joins: Slice, Split, Concat, Gather.
#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "dsl/gather.h"
#include "graph/onnx_families.h"

namespace tenfold::graph {
namespace {

constexpr size_t most_pieces = 8;        // slices that a computed Gather becomes
constexpr size_t most_long_pieces = 64;  // and along a dim that no index table reaches

Lowering::Attrs slice_attrs(SliceBox box) {
  for (size_t i = 0; i < box.steps.size(); ++i)
    if (box.extents[i] == 1) box.steps[i] = 1;
  return {{"starts", std::move(box.starts)}, {"steps", std::move(box.steps)}};
}

void finish_slice(Lowering& op, const SliceBox& box, size_t output = 0) {
  op.finish("slice", {op.input(0)}, box.extents, slice_attrs(box), output);
}

SliceBox whole(const Dims& dims) {
  return {std::vector<int64_t>(dims.size(), 0), std::vector<int64_t>(dims.size(), 1), dims};
}

// Whether a box is turned round along this dim.
bool backwards(const SliceBox& box, size_t dim) {
  return box.steps[dim] < 0 && box.extents[dim] > 1;
}

// Indices at equal distances.
struct Run {
  int64_t start, step, count;
};

std::vector<Run> runs_of(const std::vector<int64_t>& indices, int64_t extent) {
  std::vector<Run> runs;
  for (const int64_t index : indices) {
    const int64_t at = index < 0 ? index + extent : index;
    if (!runs.empty()) {
      Run& run = runs.back();
      const int64_t step = at - (run.start + (run.count - 1) * run.step);
      if (step > 0 && (run.count == 1 || step == run.step)) {
        run.step = step;
        ++run.count;
        continue;
      }
    }
    runs.push_back({at, 1, 1});
  }
  return runs;
}

// The runs' length, where they are channels that take turns: one of each group, then the next of
// each.
std::optional<int64_t> shuffled_groups(const std::vector<Run>& runs, const Dims& dims,
                                       int64_t axis) {
  if (dims.size() != 4 || axis != 1 || runs.empty()) return std::nullopt;
  const int64_t groups = runs.front().count, turns = static_cast<int64_t>(runs.size());
  if (groups < 2 || turns < 2 || groups * turns != dims[1]) return std::nullopt;
  for (int64_t i = 0; i < turns; ++i)
    if (runs[i].start != i || runs[i].step != turns || runs[i].count != groups) return std::nullopt;
  return groups;
}

}  // namespace

Result<SliceBox> slice_box(const OpView& op) {
  const Dims& dims = op.dims(0);
  std::vector<int64_t> starts, ends, axes, steps;
  if (op.opset() < 10) {
    starts = op.node().attr_ints("starts", {});
    ends = op.node().attr_ints("ends", {});
    axes = op.node().attr_ints("axes", {});
  } else {
    TENFOLD_TRY(starts, op.ints(1));
    TENFOLD_TRY(ends, op.ints(2));
    if (op.has(3)) {
      TENFOLD_TRY(axes, op.ints(3));
    }
    if (op.has(4)) {
      TENFOLD_TRY(steps, op.ints(4));
    }
  }
  if (axes.empty()) {
    axes.resize(starts.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (starts.size() != ends.size() || starts.size() != axes.size() || starts.size() != steps.size())
    return broken("starts, ends, axes and steps differ in length");
  TENFOLD_CHECK(normal_axes(axes, op.rank(0)));
  SliceBox box = whole(dims);
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t axis = axes[i] < 0 ? axes[i] + op.rank(0) : axes[i];
    const int64_t extent = dims[axis], step = steps[i];
    if (step == 0 || step == std::numeric_limits<int64_t>::min()) return broken("a step of 0");
    const auto clamp = [&](int64_t at) {
      if (at < 0) at = at < -extent ? -1 : at + extent;
      return step > 0 ? std::clamp<int64_t>(at, 0, extent)
                      : std::clamp<int64_t>(at, -1, extent - 1);
    };
    const int64_t from = clamp(starts[i]), to = clamp(ends[i]);
    const int64_t distance = step > 0 ? to - from : from - to, stride = step > 0 ? step : -step;
    box.starts[axis] = std::max<int64_t>(from, 0);
    box.steps[axis] = step;
    box.extents[axis] = distance <= 0 ? 0 : (distance - 1) / stride + 1;
  }
  return box;
}

Status shape_slice(OpView& op) {
  TENFOLD_TRY(SliceBox box, slice_box(op));
  return op.set_any(0, op.in(0).type, std::move(box.extents));
}

Status limit_slice(const OpView& op) {
  TENFOLD_TRY(const SliceBox box, slice_box(op));
  for (size_t i = 0; i < box.steps.size(); ++i)
    if (backwards(box, i) && box.extents[i] > dsl::most_indexed)
      return refused("slices over 2^24 elements of dim " + std::to_string(i) + " backwards");
  return {};
}

// What is sliced backwards is sliced forwards, and then turned round one axis after another.
Status lower_slice(Lowering& op) {
  TENFOLD_TRY(SliceBox box, slice_box(op));
  std::vector<int64_t> turned;
  for (size_t i = 0; i < box.steps.size(); ++i) {
    if (!backwards(box, i)) continue;
    box.starts[i] += box.steps[i] * (box.extents[i] - 1);
    box.steps[i] = -box.steps[i];
    turned.push_back(static_cast<int64_t>(i));
  }
  if (turned.empty()) {
    finish_slice(op, box);
    return {};
  }
  const Dims dims = box.extents;
  TensorId x = op.input(0);
  if (dims != op.dims_of(x)) x = op.emit("slice", {x}, dims, slice_attrs(box));
  for (const int64_t axis : turned) {
    std::vector<double> indices(static_cast<size_t>(dims[axis]));
    std::iota(indices.rbegin(), indices.rend(), 0);
    const TensorId index = op.constant({dims[axis]}, indices);
    if (axis == turned.back())
      op.result("gather", {x, index}, {{"axis", axis}});
    else
      x = op.emit("gather", {x, index}, dims, {{"axis", axis}});
  }
  return {};
}

Result<std::vector<int64_t>> split_sizes(const OpView& op, int64_t axis) {
  TENFOLD_TRY(std::vector<int64_t> sizes, op.attr_or_input("split", 1));
  const int64_t extent = op.dims(0)[axis], count = static_cast<int64_t>(op.outputs());
  if (sizes.empty()) {
    if (count == 0 || op.attr("num_outputs", count) != count)
      return broken("num_outputs is not the number of outputs");
    const int64_t size = (extent + count - 1) / count;
    if (op.opset() < 18 && extent % count != 0)
      return broken("cannot split " + std::to_string(extent) + " into " + std::to_string(count));
    for (int64_t i = 0; i < count; ++i)
      sizes.push_back(std::clamp<int64_t>(extent - i * size, 0, size));
  }
  int64_t total = 0;
  for (int64_t size : sizes) {
    if (size < 0 || size > extent) return broken("a split of size " + std::to_string(size));
    total += size;
  }
  if (total != extent || static_cast<int64_t>(sizes.size()) != count)
    return broken("split does not add up to " + std::to_string(extent));
  return sizes;
}

Status shape_split(OpView& op) {
  TENFOLD_TRY(const int64_t axis, normal_axis(op.attr("axis", 0), op.rank(0)));
  TENFOLD_TRY(const std::vector<int64_t> sizes, split_sizes(op, axis));
  for (size_t i = 0; i < sizes.size(); ++i) {
    Dims dims = op.dims(0);
    dims[axis] = sizes[i];
    TENFOLD_CHECK(op.set_any(i, op.in(0).type, std::move(dims)));
  }
  return {};
}

Status lower_split(Lowering& op) {
  TENFOLD_TRY(const int64_t axis, normal_axis(op.attr("axis", 0), op.rank(0)));
  TENFOLD_TRY(const std::vector<int64_t> sizes, split_sizes(op, axis));
  int64_t at = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    SliceBox box = whole(op.dims(0));
    box.starts[axis] = at;
    box.extents[axis] = sizes[i];
    at += sizes[i];
    if (op.wants(i)) finish_slice(op, box, i);
  }
  return {};
}

Status shape_concat(OpView& op) {
  if (op.rank(0) == 0) return broken("concatenates scalars");
  TENFOLD_TRY(const int64_t axis, normal_axis(op.attr("axis", 1), op.rank(0)));
  Dims dims = op.dims(0);
  for (size_t i = 1; i < op.inputs(); ++i) {
    Dims other = op.dims(i);
    if (other.size() != dims.size() || op.in(i).type != op.in(0).type)
      return broken("input " + std::to_string(i) + " differs in rank or type from input 0");
    dims[axis] += other[axis];
    other[axis] = dims[axis];
    if (other != dims)
      return broken("shapes " + to_string(op.dims(0)) + " and " + to_string(op.dims(i)) +
                    " do not concatenate along dim " + std::to_string(axis));
  }
  return op.set_any(0, op.in(0).type, std::move(dims));
}

Status lower_concat(Lowering& op) {
  TENFOLD_TRY(const int64_t axis, normal_axis(op.attr("axis", 1), op.rank(0)));
  std::vector<TensorId> parts;
  for (const TensorId input : op.node().inputs)
    if (op.dims_of(input)[axis] > 0) parts.push_back(input);
  if (parts.size() == 1)
    op.alias(parts.front());
  else
    op.result("concat", parts, {{"axis", axis}});
  return {};
}

Status shape_gather(OpView& op) {
  TENFOLD_TRY(const int64_t axis, normal_axis(op.attr("axis", 0), op.rank(0)));
  Dims dims(op.dims(0).begin(), op.dims(0).begin() + axis);
  dims.insert(dims.end(), op.dims(1).begin(), op.dims(1).end());
  dims.insert(dims.end(), op.dims(0).begin() + axis + 1, op.dims(0).end());
  return op.set_any(0, op.in(0).type, std::move(dims));
}

Status shape_gather_nd(OpView& op) {
  const int64_t batch = op.attr("batch_dims", 0), rank = op.rank(0);
  if (rank == 0 || op.rank(1) == 0) return broken("a scalar input");
  const int64_t picked = op.dims(1).back();
  const Dims &data = op.dims(0), &index = op.dims(1);
  if (batch < 0 || batch >= std::min(rank, op.rank(1)) || picked < 1 || picked > rank - batch ||
      !std::equal(data.begin(), data.begin() + batch, index.begin()))
    return broken("batch_dims = " + std::to_string(batch) + " and indices " + to_string(index) +
                  " do not fit " + to_string(data));
  Dims dims(index.begin(), index.end() - 1);
  dims.insert(dims.end(), data.begin() + batch + picked, data.end());
  return op.set_any(0, op.in(0).type, std::move(dims));
}

namespace {

/// Of a Gather, and of a GatherND that picks by one index, which is one along dim 0.
Result<int64_t> gather_axis(const OpView& op) {
  if (op.node().op == "Gather") return normal_axis(op.attr("axis", 0), op.rank(0));
  if (op.attr("batch_dims", 0) != 0 || op.dims(1).back() != 1)
    return refused("picks by more than one index");
  return 0;
}

}  // namespace

Status limit_gather(const OpView& op) {
  TENFOLD_TRY(const int64_t axis, gather_axis(op));
  TENFOLD_TRY(const std::vector<int64_t> indices, op.ints(1));
  const int64_t extent = op.dims(0)[axis];
  for (int64_t index : indices)
    if (index < -extent || index >= extent)
      return broken("index " + std::to_string(index) + " is outside");
  if (extent > dsl::most_indexed && runs_of(indices, extent).size() > most_long_pieces)
    return refused("gathers over 64 runs along a dim over 2^24");
  return {};
}

Status lower_gather(Lowering& op) {
  TENFOLD_TRY(const int64_t axis, gather_axis(op));
  TENFOLD_TRY(const std::vector<int64_t> indices, op.ints(1));
  const Dims& dims = op.dims(0);
  const std::vector<Run> runs = runs_of(indices, dims[axis]);
  Dims joined = dims;
  joined[axis] = static_cast<int64_t>(indices.size());
  if (const auto groups = shuffled_groups(runs, dims, axis)) {
    op.finish("channel_shuffle", {op.input(0)}, joined, {{"groups", *groups}});
    return {};
  }
  if (runs.size() > most_pieces && dims[axis] <= dsl::most_indexed) {
    std::vector<double> from_begin;
    for (const int64_t index : indices)
      from_begin.push_back(static_cast<double>(index < 0 ? index + dims[axis] : index));
    op.finish("gather", {op.input(0), op.constant({joined[axis]}, from_begin)}, joined,
              {{"axis", axis}});
    return {};
  }
  std::vector<TensorId> pieces;
  for (const Run& run : runs) {
    SliceBox box = whole(dims);
    box.starts[axis] = run.start;
    box.steps[axis] = run.step;
    box.extents[axis] = run.count;
    if (runs.size() == 1) {
      finish_slice(op, box);
      return {};
    }
    pieces.push_back(op.emit("slice", {op.input(0)}, box.extents, slice_attrs(box)));
  }
  op.finish("concat", pieces, joined, {{"axis", axis}});
  return {};
}

}  // namespace tenfold::graph
