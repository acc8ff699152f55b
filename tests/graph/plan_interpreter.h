// Runs a plan step by step with the operators' plain references, over an arena that starts as
// garbage, as the runtime would with kernels. A halo that is not zeroed, a root that is overwritten
// while it lives or a wrong view shows in the result.
#pragma once
#include <cstring>
#include <limits>
#include <vector>

#include "dsl/op.h"
#include "graph/plan.h"

namespace tenfold::graph {

class PlanInterpreter {
 public:
  explicit PlanInterpreter(const Plan& plan)
      : plan_(plan), arena_(DType::f32, {plan.arena_bytes / 4}) {
    for (float& value : arena_.as<float>()) value = std::numeric_limits<float>::quiet_NaN();
    for (const Port& port : plan.outputs) outputs_.emplace_back(DType::f32, port.dims);
    for (const ZeroFill& fill : plan.fills) zero(fill);
  }

  /// May be called again: what the first run left in the arena is what the second one finds.
  Result<std::vector<Array>> run(const std::vector<Array>& inputs) {
    inputs_ = &inputs;
    for (Array& output : outputs_)
      for (float& value : output.as<float>()) value = std::numeric_limits<float>::quiet_NaN();
    for (const Step& step : plan_.steps) {
      for (const ZeroFill& fill : step.fills) zero(fill);
      TENFOLD_CHECK(run_step(step));
    }
    std::vector<Array> results;
    for (const Array& output : outputs_) results.push_back(copy(output));
    return results;
  }

 private:
  static Array copy(const Array& array) {
    Array made(array.type(), array.dims());
    std::memcpy(made.bytes(), array.bytes(), static_cast<size_t>(array.size_bytes()));
    return made;
  }

  std::byte* base(const Operand& operand) {
    const Root& root = plan_.roots[operand.root];
    std::byte* start = arena_.bytes() + root.offset_bytes;
    // Inputs are only read: the references take them as const.
    if (root.home == Home::input) start = const_cast<std::byte*>((*inputs_)[root.port].bytes());
    if (root.home == Home::output) start = outputs_[root.port].bytes();
    if (root.home == Home::constant) start = const_cast<std::byte*>(root.values->bytes());
    return start + operand.base_bytes;
  }

  Status run_step(const Step& step) {
    std::vector<const float*> inputs;
    std::vector<float*> outputs;
    std::vector<Array> params;
    for (const Operand& operand : step.inputs)
      inputs.push_back(reinterpret_cast<const float*>(base(operand)));
    for (const Operand& operand : step.outputs)
      outputs.push_back(reinterpret_cast<float*>(base(operand)));
    for (const auto& param : step.params) params.push_back(copy(*param));
    return dsl::run_reference(step.task, inputs, params, outputs);
  }

  void zero(const ZeroFill& fill) {
    for (int64_t row = 0; row < fill.rows; ++row)
      std::memset(arena_.bytes() + plan_.roots[fill.root].offset_bytes + fill.offset_bytes +
                      row * fill.stride_bytes,
                  0, static_cast<size_t>(fill.row_bytes));
  }

  const Plan& plan_;
  Array arena_;
  std::vector<Array> outputs_;
  const std::vector<Array>* inputs_ = nullptr;
};

}  // namespace tenfold::graph
