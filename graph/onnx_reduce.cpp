// Shape rule and lowering of the reductions of all opsets. Means and maxima over an image's pixels
// are global pools.
#include <algorithm>
#include <limits>
#include <numeric>

#include "dsl/gather.h"
#include "graph/onnx_families.h"

namespace tenfold::graph {
namespace {

struct Kind {
  const char* onnx;
  int64_t kind;
};
constexpr Kind kinds[] = {{"ReduceSum", 0}, {"ReduceMean", 1},      {"ReduceMax", 2},
                          {"ReduceMin", 3}, {"ReduceProd", 4},      {"ReduceL1", 5},
                          {"ReduceL2", 6},  {"ReduceSumSquare", 7}, {"ReduceLogSum", 0}};

Dims kept(const Dims& dims, const std::vector<int64_t>& axes) {
  Dims out = dims;
  for (int64_t axis : axes) out[axis] = 1;
  return out;
}

// log(sum(exp(x - m))) + m, m being the largest x but finite: no exponential overflows, and an
// infinite x minus m stays infinite.
void finish_log_sum_exp(Lowering& op, int64_t mask, const Dims& reduced) {
  const auto reduce = [&](TensorId x, int64_t kind) {
    return op.emit("reduce", {x}, reduced, {{"kind", kind}, {"axes", mask}});
  };
  const std::vector<double> finite{std::numeric_limits<float>::lowest(),
                                   std::numeric_limits<float>::max()};
  const TensorId x = op.input(0);
  const TensorId most = op.emit("clip", {reduce(x, 2)}, reduced, {{"values", finite}});
  const TensorId below = op.emit("sub", {x, most}, op.dims(0));
  const TensorId sum = reduce(op.emit("exp", {below}, op.dims(0)), 0);
  op.finish("add", {op.emit("log", {sum}, reduced), most}, reduced);
}

}  // namespace

Status shape_arg(OpView& op) {
  TENFOLD_TRY(const int64_t axis, normal_axis(op.attr("axis", 0), op.rank(0)));
  Dims dims = op.dims(0);
  dims[axis] = 1;
  if (op.attr("keepdims", 1) == 0) dims.erase(dims.begin() + axis);
  TENFOLD_CHECK(op.set_any(0, DType::i64, std::move(dims)));
  if (op.dims(0)[axis] > dsl::most_indexed) return refused("a place along a dim over 2^24");
  return {};
}

/// Places are whole numbers in float32, as is all that is computed.
Status lower_arg(Lowering& op) {
  TENFOLD_TRY(const int64_t axis, normal_axis(op.attr("axis", 0), op.rank(0)));
  Dims dims = op.dims(0);
  dims[axis] = 1;
  op.finish("reduce", {op.input(0)}, dims,
            {{"kind", int64_t{op.node().op == "ArgMax" ? 8 : 9}},
             {"axes", int64_t{1} << axis},
             {"last", int64_t{op.attr("select_last_index", 0) != 0}}});
  return {};
}

Result<std::vector<int64_t>> reduce_axes(const OpView& op) {
  TENFOLD_TRY(const std::vector<int64_t> given, op.attr_or_input("axes", 1));
  if (given.empty() && op.attr("noop_with_empty_axes", 0) == 0) {
    std::vector<int64_t> all(op.rank(0));
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
  return normal_axes(given, op.rank(0));
}

Status shape_reduce(OpView& op) {
  TENFOLD_TRY(const std::vector<int64_t> axes, reduce_axes(op));
  Dims dims;
  for (int64_t i = 0; i < op.rank(0); ++i) {
    const bool reduced = std::ranges::find(axes, i) != axes.end();
    if (!reduced) dims.push_back(op.dims(0)[i]);
    if (reduced && op.attr("keepdims", 1) != 0) dims.push_back(1);
  }
  return op.set_any(0, op.in(0).type, std::move(dims));
}

Status lower_reduce(Lowering& op) {
  TENFOLD_TRY(const std::vector<int64_t> axes, reduce_axes(op));
  const std::string& name = op.node().op;
  if (axes.empty()) {  // of each element alone
    if (name == "ReduceL1" || name == "ReduceL2")
      op.result("abs", {op.input(0)});
    else if (name == "ReduceSumSquare")
      op.result("mul", {op.input(0), op.input(0)});
    else if (name == "ReduceLogSum")
      op.result("log", {op.input(0)});
    else
      op.alias(op.input(0));
    return {};
  }
  const Dims dims = kept(op.dims(0), axes);
  if (op.rank(0) == 4 && axes == std::vector<int64_t>{2, 3} &&
      (name == "ReduceMean" || name == "ReduceMax")) {
    op.finish(name == "ReduceMean" ? "global_avg_pool" : "global_max_pool", {op.input(0)}, dims);
    return {};
  }
  int64_t mask = 0;
  for (int64_t axis : axes) mask |= int64_t{1} << axis;
  if (name == "ReduceLogSumExp") {
    finish_log_sum_exp(op, mask, dims);
    return {};
  }
  const auto row = std::ranges::find_if(kinds, [&](const Kind& kind) { return name == kind.onnx; });
  Lowering::Attrs attrs{{"kind", row->kind}, {"axes", mask}};
  if (name == "ReduceLogSum")
    op.finish("log", {op.emit("reduce", {op.input(0)}, dims, std::move(attrs))}, dims);
  else
    op.finish("reduce", {op.input(0)}, dims, std::move(attrs));
  return {};
}

}  // namespace tenfold::graph
