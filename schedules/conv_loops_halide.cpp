#include "schedules/conv_loops_halide.h"

namespace tenfold::schedules {

void keep_load(const dsl::Algorithm& algorithm, Halide::Func out, const Halide::Var& strip,
               const Task& task, const Target& target, int64_t stage) {
  if (!algorithm.funcs.contains("load")) return;
  Halide::Func load = algorithm.funcs.at("load");
  if (stage == stage_strip) load.compute_at(out, strip);
  if (stage == stage_root) load.compute_root();

  const View& in = task.inputs[0];
  const auto at = load.args();  // c, x, y, n
  const auto vectorize = [&](const Halide::Var& var, int64_t extent) {
    int lanes = target.lanes;
    while (lanes > extent) lanes /= 2;
    if (lanes > 1) load.vectorize(var, lanes, Halide::TailStrategy::ShiftInwards);
  };
  if (in.strides[3] == 1) {
    vectorize(at[0], in.dims[3]);
  } else if (in.strides[2] == 1) {
    load.reorder_storage(at[1], at[0], at[2], at[3]).reorder(at[1], at[0], at[2], at[3]);
    vectorize(at[1], in.dims[2]);
  }
}

}  // namespace tenfold::schedules
