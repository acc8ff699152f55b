// Shape rules and lowering of what repeats and pads, and of moves between depth and space.
#include <algorithm>

#include "graph/onnx_families.h"

namespace tenfold::graph {
namespace {

constexpr int64_t most_copies = 16;  // of computed data that one Tile may concatenate

struct Pads {
  std::vector<int64_t> begins, ends;  // one a dim
  double value = 0;
  std::string mode;
};

Result<Pads> pads_of(const OpView& op) {
  const auto rank = static_cast<size_t>(op.rank(0));
  Pads pads{std::vector<int64_t>(rank, 0), std::vector<int64_t>(rank, 0), 0,
            op.node().attr_string("mode", "constant")};
  std::vector<int64_t> given, axes;
  if (op.opset() < 11) {
    given = op.node().attr_ints("pads", {});
    pads.value = op.node().attr_float("value", 0);
  } else {
    TENFOLD_TRY(given, op.ints(1));
    if (op.has(2)) {
      TENFOLD_TRY(const std::vector<double> value, op.floats(2));
      if (!value.empty()) pads.value = value[0];
    }
    if (op.has(3)) {
      TENFOLD_TRY(axes, op.ints(3));
    }
  }
  if (axes.empty())
    for (size_t i = 0; i < rank; ++i) axes.push_back(static_cast<int64_t>(i));
  TENFOLD_CHECK(normal_axes(axes, op.rank(0)));
  if (given.size() != 2 * axes.size())
    return broken("pads has " + std::to_string(given.size()) + " numbers");
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = axes[i] < 0 ? axes[i] + op.rank(0) : axes[i];
    pads.begins[axis] = given[i];
    pads.ends[axis] = given[i + axes.size()];
  }
  return pads;
}

// What comes before the first element is the end, and what comes behind the last the begin.
void finish_wrapped(Lowering& op, const Pads& pads) {
  TensorId x = op.input(0);
  for (size_t axis = 0; axis < pads.begins.size(); ++axis) {
    const int64_t begin = pads.begins[axis], end = pads.ends[axis];
    Dims dims = op.dims_of(x);
    const int64_t extent = dims[axis];
    const auto slice = [&](int64_t from, int64_t count) {
      Dims starts(dims.size(), 0), piece = dims;
      starts[axis] = from;
      piece[axis] = count;
      return op.slice(x, std::move(starts), std::move(piece));
    };
    std::vector<TensorId> parts{x};
    if (begin > 0) parts.insert(parts.begin(), slice(extent - begin, begin));
    if (end > 0) parts.push_back(slice(0, end));
    if (parts.size() == 1) continue;
    dims[axis] += begin + end;
    x = op.emit("concat", parts, dims, {{"axis", static_cast<int64_t>(axis)}});
  }
  op.alias(x);
}

/// Reshape, transpose, reshape: what both depth/space moves are.
Status finish_blocks(Lowering& op, Dims split, std::vector<int64_t> perm) {
  const TensorId blocks = op.reshape(op.input(0), std::move(split));
  op.alias(op.transpose(blocks, perm));
  return {};
}

}  // namespace

Status shape_expand(OpView& op) {
  TENFOLD_TRY(const Dims wanted, op.ints(1));
  TENFOLD_CHECK(volume(wanted));
  TENFOLD_TRY(Dims dims, broadcast(op.dims(0), wanted));
  return op.set_any(0, op.in(0).type, std::move(dims));
}

Status lower_expand(Lowering& op) {
  Dims dims = op.dims(0);
  dims.insert(dims.begin(), op.result_dims().size() - dims.size(), 1);
  op.result("map", {op.reshape(op.input(0), dims)});
  return {};
}

Status shape_tile(OpView& op) {
  TENFOLD_TRY(const std::vector<int64_t> repeats, op.ints(1));
  if (static_cast<int64_t>(repeats.size()) != op.rank(0))
    return broken("repeats has not one number a dim");
  Dims dims = op.dims(0);
  for (size_t i = 0; i < dims.size(); ++i) {
    if (repeats[i] < 0 || repeats[i] > int64_t{1} << 34)
      return broken("repeats a dim " + std::to_string(repeats[i]) + " times");
    if (dims[i] > (int64_t{1} << 34) / std::max<int64_t>(repeats[i], 1))
      return broken("a result that is too large");
    dims[i] *= repeats[i];
  }
  return op.set_any(0, op.in(0).type, std::move(dims));
}

Status limit_tile(const OpView& op) {
  int64_t copies = 1;
  for (size_t i = 0; i < op.dims(0).size(); ++i)
    if (op.dims(0)[i] > 1)
      copies = std::min(most_copies + 1, copies * (op.out(0).dims[i] / op.dims(0)[i]));
  if (copies > most_copies) return refused("tiles computed data over 16 times");
  return {};
}

Status lower_tile(Lowering& op) {
  TensorId x = op.input(0);
  Dims dims = op.dims(0);
  for (size_t i = 0; i < dims.size(); ++i) {
    const int64_t copies = op.result_dims()[i] / dims[i];
    if (dims[i] == 1 || copies == 1) continue;
    dims[i] = op.result_dims()[i];
    x = op.emit("concat", std::vector<TensorId>(copies, x), dims,
                {{"axis", static_cast<int64_t>(i)}});
  }
  op.result("map", {x});
  return {};
}

Status shape_pad(OpView& op) {
  TENFOLD_TRY(const Pads pads, pads_of(op));
  Dims dims = op.dims(0);
  for (size_t i = 0; i < dims.size(); ++i) {
    constexpr int64_t most = int64_t{1} << 30;
    if (std::max(pads.begins[i], pads.ends[i]) > most ||
        std::min(pads.begins[i], pads.ends[i]) < -most)
      return broken("a pad over 2^30");
    dims[i] += pads.begins[i] + pads.ends[i];
    if (dims[i] < 0) return broken("pads leave nothing of dim " + std::to_string(i));
  }
  return op.set_any(0, op.in(0).type, std::move(dims));
}

Status limit_pad(const OpView& op) {
  TENFOLD_TRY(const Pads pads, pads_of(op));
  if (pads.mode != "constant" && pads.mode != "reflect" && pads.mode != "edge" &&
      pads.mode != "wrap")
    return refused("pad mode " + pads.mode);
  for (size_t i = 0; i < pads.begins.size(); ++i) {
    if (pads.mode != "constant" && std::min(pads.begins[i], pads.ends[i]) < 0)
      return refused("a negative pad of mode " + pads.mode);
    const int64_t cut = std::max<int64_t>(-pads.begins[i], 0) + std::max<int64_t>(-pads.ends[i], 0);
    if (cut > 0 && cut >= op.dims(0)[i])
      return refused("negative pads that leave nothing of dim " + std::to_string(i));
    if (pads.mode == "wrap" && std::max(pads.begins[i], pads.ends[i]) > op.dims(0)[i])
      return refused("wraps more than dim " + std::to_string(i) + " has");
    if (pads.mode == "reflect" && std::max(pads.begins[i], pads.ends[i]) >= op.dims(0)[i])
      return broken("reflects more than dim " + std::to_string(i) + " has");
  }
  return {};
}

// A negative pad cuts off so much, before anything is padded.
Status lower_pad(Lowering& op) {
  TENFOLD_TRY(const Pads pads, pads_of(op));
  if (pads.mode == "wrap") {
    finish_wrapped(op, pads);
    return {};
  }
  Lowering::Attrs attrs;
  Dims starts(pads.begins.size(), 0), inside = op.dims(0);
  for (size_t i = 0; i < pads.begins.size(); ++i) {
    starts[i] = std::max<int64_t>(-pads.begins[i], 0);
    inside[i] -= starts[i] + std::max<int64_t>(-pads.ends[i], 0);
    attrs["begin" + std::to_string(i)] = std::max<int64_t>(pads.begins[i], 0);
    attrs["end" + std::to_string(i)] = std::max<int64_t>(pads.ends[i], 0);
  }
  attrs["mode"] = int64_t{pads.mode == "constant" ? 0 : pads.mode == "reflect" ? 1 : 2};
  attrs["value"] = pads.value;
  TensorId x = op.input(0);
  if (inside != op.dims(0)) x = op.slice(x, std::move(starts), std::move(inside));
  op.result("pad", {x}, std::move(attrs));
  return {};
}

Status shape_depth_to_space(OpView& op) {
  const int64_t block = op.attr("blocksize", 0);
  if (op.rank(0) != 4) return broken("needs rank 4");
  const Dims& dims = op.dims(0);
  if (block < 1 || block > 4096 || dims[1] % (block * block) != 0)
    return broken("blocksize " + std::to_string(block) + " does not divide " + to_string(dims));
  return op.set(0, op.in(0).type,
                {dims[0], dims[1] / (block * block), dims[2] * block, dims[3] * block});
}

Status lower_depth_to_space(Lowering& op) {
  const int64_t block = op.attr("blocksize", 0);
  const Dims& out = op.result_dims();
  const Dims& in = op.dims(0);
  if (op.node().attr_string("mode", "DCR") == "CRD")
    return finish_blocks(op, {in[0], out[1], block, block, in[2], in[3]}, {0, 1, 4, 2, 5, 3});
  return finish_blocks(op, {in[0], block, block, out[1], in[2], in[3]}, {0, 3, 4, 1, 5, 2});
}

Status shape_space_to_depth(OpView& op) {
  const int64_t block = op.attr("blocksize", 0);
  if (op.rank(0) != 4) return broken("needs rank 4");
  const Dims& dims = op.dims(0);
  if (block < 1 || block > 4096 || dims[2] % block != 0 || dims[3] % block != 0)
    return broken("blocksize " + std::to_string(block) + " does not divide " + to_string(dims));
  return op.set(0, op.in(0).type,
                {dims[0], dims[1] * block * block, dims[2] / block, dims[3] / block});
}

Status lower_space_to_depth(Lowering& op) {
  const int64_t block = op.attr("blocksize", 0);
  const Dims& out = op.result_dims();
  const bool columns_first = op.node().attr_string("mode", "DCR") == "CRD";
  return finish_blocks(op, {out[0], op.dims(0)[1], out[2], block, out[3], block},
                       columns_first ? std::vector<int64_t>{0, 1, 3, 5, 2, 4}
                                     : std::vector<int64_t>{0, 3, 5, 1, 2, 4});
}

}  // namespace tenfold::graph
