// Tasks that only move elements: a `map` where both sides run through memory in the same order,
// else a `transpose`.
#include <algorithm>
#include <numeric>

#include "dsl/op.h"
#include "graph/links.h"
#include "graph/strides.h"
#include "graph/task_builder.h"

namespace tenfold::graph {
namespace {

struct Sides {
  Dims from_dims, from_strides, to_dims, to_strides;  // in the model's order
  int64_t from_offset = 0;
};

Sides sides_of(const PlanContext& context, const Node& node) {
  const View& in = context.layout.places[node.inputs[0]].view;
  const View& out = context.layout.places[node.outputs[0]].view;
  Sides sides{to_model_order(in.dims), to_model_order(in.strides), to_model_order(out.dims),
              to_model_order(out.strides), in.offset};
  if (node.op == "transpose") {
    const Dims dims = sides.from_dims, strides = sides.from_strides;
    const auto perm = node.attr_ints("perm", {});
    for (size_t i = 0; i < perm.size(); ++i) {
      sides.from_dims[i] = dims[perm[i]];
      sides.from_strides[i] = strides[perm[i]];
    }
  } else if (node.op == "slice") {
    const auto starts = node.attr_ints("starts", {}), steps = node.attr_ints("steps", {});
    for (size_t i = 0; i < starts.size(); ++i) {
      sides.from_offset += starts[i] * sides.from_strides[i];
      sides.from_strides[i] *= steps[i];
    }
    sides.from_dims = sides.to_dims;
  } else if (node.op ==
             "join_pairs") {  // {n, k, h, 2x+b} to {n, 2k+b, h, x}, both as {n, k, b, h, x}
    const Dims from = sides.from_strides, to = sides.to_strides, made = sides.to_dims;
    sides.from_dims = sides.to_dims = {made[0], made[1] / 2, 2, made[2], made[3]};
    sides.from_strides = {from[0], from[1], from[3], from[2], 2 * from[3]};
    sides.to_strides = {to[0], 2 * to[1], to[1], to[2], to[3]};
  }
  return sides;
}

std::vector<size_t> by_stride(const Dims& strides) {
  std::vector<size_t> order(strides.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return strides[a] > strides[b]; });
  return order;
}

View box_view(const CopyBoxes& boxes, const Dims& strides, const std::vector<size_t>& order,
              int64_t offset) {
  View view;
  for (size_t d : order) {
    view.dims.push_back(boxes.dims[d]);
    view.strides.push_back(strides[d]);
  }
  view.offset = offset;
  return view;
}

}  // namespace

Result<Candidate> build_copy(const PlanContext& context, int id) {
  const Node& node = context.network.nodes[id];
  const Place& in = context.layout.places[node.inputs[0]];
  const Place& out = context.layout.places[node.outputs[0]];
  const Sides sides = sides_of(context, node);
  const auto refuse = [&](ErrorCode code, const std::string& rule) {
    return Error{code, context.network.file + ": node '" + node.name + "': " + rule};
  };
  auto boxes = copy_boxes(sides.from_dims, sides.from_strides, sides.to_dims, sides.to_strides);
  if (!boxes)  // dims that have no common cut, into a dense buffer: written in the source's dims
    if (const auto strides = reshaped_strides(sides.to_dims, sides.to_strides, sides.from_dims))
      boxes = copy_boxes(sides.from_dims, sides.from_strides, sides.from_dims, *strides);
  if (!boxes)
    return refuse(ErrorCode::unsupported, "a copy from " + to_string(sides.from_dims) + " to " +
                                              to_string(sides.to_dims) +
                                              " that no common cut of the dimensions allows");

  const std::vector<size_t> from_order = by_stride(boxes->from_strides),
                            to_order = by_stride(boxes->to_strides);
  Candidate made;
  made.name = node.name;
  made.nodes = {id};
  made.task.op = from_order == to_order ? "map" : "transpose";
  if (from_order != to_order)
    for (size_t i = 0; i < to_order.size(); ++i) {
      const auto at = std::ranges::find(from_order, to_order[i]) - from_order.begin();
      made.task.attrs.set("perm" + std::to_string(i), static_cast<double>(at));
    }
  View from = box_view(*boxes, boxes->from_strides, from_order, sides.from_offset);
  View to = box_view(*boxes, boxes->to_strides, to_order, out.view.offset);
  if (needs_unit_dim(from) || needs_unit_dim(to)) {
    if (made.task.op == "transpose")
      made.task.attrs.set("perm" + std::to_string(to_order.size()),
                          static_cast<double>(to_order.size()));
    from = with_unit_dim(std::move(from));
    to = with_unit_dim(std::move(to));
  }
  auto [from_view, from_operand] = operand_at(context, std::move(from), in.root);
  auto [to_view, to_operand] = operand_at(context, std::move(to), out.root);
  made.task.inputs = {std::move(from_view)};
  made.task.outputs = {std::move(to_view)};
  made.inputs = {from_operand};
  made.outputs = {to_operand};
  if (const Status status = dsl::check(made.task); !status)
    return refuse(status.error().code, status.error().message);
  return made;
}

}  // namespace tenfold::graph
