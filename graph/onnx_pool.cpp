// Shape rules and lowering of pools. Ceil mode becomes pads at the end.
#include <algorithm>

#include "graph/onnx_families.h"
#include "graph/window.h"

namespace tenfold::graph {
namespace {

std::vector<int64_t> spatial(const Dims& dims) {
  return {dims.begin() + 2, dims.end()};
}

struct Pool {
  Window window;
  std::vector<int64_t> extents;
};

Result<Pool> pool_of(const OpView& op) {
  if (op.rank(0) < 3) return broken("input of rank " + std::to_string(op.rank(0)));
  if (!op.has_attr("kernel_shape")) return broken("kernel_shape is missing");
  const std::vector<int64_t> in = spatial(op.dims(0));
  Pool pool;
  TENFOLD_TRY(pool.window, read_window(op, {}, in));
  for (size_t i = 0; i < in.size(); ++i)
    if (std::max(pool.window.begin[i], pool.window.end[i]) >= pool.window.span(i))
      return broken("pads are not smaller than the window");
  TENFOLD_TRY(pool.extents, window_extents(pool.window, in, op.attr("ceil_mode", 0) != 0));
  return pool;
}

}  // namespace

Status shape_pool(OpView& op) {
  TENFOLD_TRY(const Pool pool, pool_of(op));
  Dims dims{op.dims(0)[0], op.dims(0)[1]};
  dims.insert(dims.end(), pool.extents.begin(), pool.extents.end());
  TENFOLD_CHECK(op.set(1, DType::i64, dims));
  return op.set(0, op.in(0).type, std::move(dims));
}

Status limit_pool(const OpView& op) {
  if (op.rank(0) > 4) return refused("3-D pooling");
  if (op.node().op == "LpPool" && (op.attr("p", 2) < 1 || op.attr("p", 2) > 64))
    return refused("p = " + std::to_string(op.attr("p", 2)) + ": from 1 to 64");
  return {};
}

Status lower_pool(Lowering& op) {
  TENFOLD_TRY(Pool pool, pool_of(op));
  const std::vector<int64_t> in = spatial(op.dims(0));
  std::vector<int64_t> extra(in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    Window& w = pool.window;
    extra[i] = std::max<int64_t>(
        0, (pool.extents[i] - 1) * w.stride[i] + w.span(i) - (in[i] + w.begin[i] + w.end[i]));
    w.end[i] += extra[i];
  }
  Lowering::Attrs attrs = window_attrs(pool.window);
  std::string kind = "max_pool2d";
  if (op.node().op == "AveragePool") {
    kind = "avg_pool2d";
    attrs["count_include_pad"] = int64_t{op.attr("count_include_pad", 0) != 0};
    attrs["ceil_h"] = extra.size() == 2 ? extra[0] : int64_t{0};
    attrs["ceil_w"] = extra.back();
  } else if (op.node().op == "LpPool") {
    kind = "lp_pool2d";
    attrs["p"] = op.attr("p", 2);
  }
  op.finish(kind, {op.reshape(op.input(0), as_image(op.dims(0)))}, as_image(op.result_dims()),
            std::move(attrs));
  return {};
}

Status shape_global_pool(OpView& op) {
  if (op.rank(0) < 3) return broken("input of rank " + std::to_string(op.rank(0)));
  Dims dims(op.rank(0), 1);
  dims[0] = op.dims(0)[0];
  dims[1] = op.dims(0)[1];
  return op.set(0, op.in(0).type, std::move(dims));
}

Status lower_global_pool(Lowering& op) {
  const Dims& dims = op.dims(0);
  Dims image = dims, pooled{dims[0], dims[1], 1, 1};
  if (op.rank(0) != 4) image = {dims[0], dims[1], 1, product(dims, 2, dims.size())};
  op.finish(op.node().op == "GlobalMaxPool" ? "global_max_pool" : "global_avg_pool",
            {op.reshape(op.input(0), image)}, pooled);
  return {};
}

}  // namespace tenfold::graph
