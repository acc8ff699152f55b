#include "schedules/conv_loops_halide.h"

#include "dsl/transpose_side.h"
#include "dsl/window.h"

namespace tenfold::schedules {
namespace {

// Pixels of a row that are kept at least: of all outputs of a row, or, where a strip is a piece of
// the only row, of one.
int64_t kept_width(const Task& task, int64_t stage) {
  if (task.op == "conv_transpose2d") return dsl::transpose_width(task).wholes();
  const dsl::Window w = dsl::window_of(task.attrs);
  const Dims& out = task.outputs[0].dims;
  const int64_t outputs = out[1] == 1 && stage != stage_root ? 1 : out[2];
  return (outputs - 1) * w.stride_w + (w.kernel_w - 1) * w.dilation_w + 1;
}

}  // namespace

void keep_load(const dsl::Algorithm& algorithm, Halide::Func out, const Halide::Var& loop,
               const Task& task, const Target& target, int64_t stage, int64_t channels) {
  if (const auto order = algorithm.funcs.find("order"); order != algorithm.funcs.end())
    Halide::Func(order->second).compute_root();
  if (!algorithm.funcs.contains("load") || stage == stage_none) return;
  Halide::Func load = algorithm.funcs.at("load");
  if (stage == stage_root)
    load.compute_root();
  else
    load.compute_at(out, loop);

  const View& in = task.inputs[0];
  const auto at = load.args();  // c, x, y, n
  const auto vectorize = [&](const Halide::Var& var, int64_t extent, int most_vectors) {
    int lanes = target.lanes;
    while (lanes > extent) lanes /= 2;
    if (lanes == 1) return;
    const int vectors = extent >= most_vectors * lanes ? most_vectors : 1;
    Halide::Var vector("vector"), lane("lane");
    load.split(var, var, vector, lanes * vectors, Halide::TailStrategy::ShiftInwards)
        .split(vector, vector, lane, lanes)
        .vectorize(lane)
        .unroll(vector);
  };
  if (in.strides[3] == 1) {
    vectorize(at[0], channels > 0 && stage != stage_root ? channels : in.dims[3], 4);
  } else if (in.strides[2] == 1) {
    load.reorder_storage(at[1], at[0], at[2], at[3]).reorder(at[1], at[0], at[2], at[3]);
    vectorize(at[1], kept_width(task, stage), 1);
  }
}

}  // namespace tenfold::schedules
