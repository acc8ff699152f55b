// "conv_plain": one run of output channels of one pixel at a time. Right for every conv2d task on a
// CPU, quick for none; the measure that other spaces are held against.
#include "dsl/op.h"
#include "schedules/finish_halide.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

bool serves(const Task& task, const Target& target) {
  return task.op == "conv2d" && target.device == DeviceKind::cpu;
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  // Lanes that divide K: no tail, so nothing is computed twice and nothing is stored beyond the
  // output.
  Axis lanes{"lanes", {1}};
  for (int64_t width = 2; width <= target.lanes; width *= 2)
    if (task.outputs[0].dims[3] % width == 0) lanes.values.push_back(width);
  return {lanes};
}

Status legal(const Task&, const Target&, const Config&) {
  return {};
}

Config initial(const Task& task, const Target& target) {
  return {"conv_plain", {{"lanes", axes(task, target)[0].values.back()}}};
}

std::vector<Packing> packing(const Task& task, const Target&, const Config&) {
  std::vector<Packing> packings;
  for (const dsl::Param& param : dsl::params(task)) packings.push_back(plain_packing(param.dims));
  const Dims weights = packings[0].source;  // to {C, R, S, K}
  packings[0].axes = {
      {1, 1, weights[1]}, {2, 1, weights[2]}, {3, 1, weights[3]}, {0, 1, weights[0]}};
  return packings;
}

/// parallel n, y: for x: for k by lanes: [sum = 0; for r, s, c: sum += ...; out = chain(sum)]
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  dsl::Algorithm algorithm = (*dsl::find_op(task.op))->algorithm(task, binding);
  Halide::Func out = algorithm.funcs.at("out"), acc = algorithm.funcs.at("acc");
  const auto at = out.args();
  const int lanes = static_cast<int>(config.at("lanes"));
  Halide::Var ki("ki");
  out.split(at[0], at[0], ki, lanes)
      .reorder(ki, at[0], at[1], at[2], at[3])
      .vectorize(ki)
      .parallel(at[2]);
  acc.compute_at(out, at[0]).vectorize(acc.args()[0], lanes);
  acc.update().vectorize(acc.args()[0], lanes);
  return finish(algorithm, binding);
}

}  // namespace

Space conv_plain_space() {
  return {"conv_plain", 1, serves, axes, legal, initial, packing, apply, nullptr};
}

}  // namespace tenfold::schedules
