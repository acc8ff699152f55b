#include "dsl/rules.h"

#include <cmath>

namespace tenfold::dsl {
namespace {

Status check_view(const Task& task, const View& view, const std::string& name, size_t rank) {
  TENFOLD_CHECK(rule(view.type == DType::f32, task,
                     name + " is " + to_string(view.type) + "; kernels take f32"));
  TENFOLD_CHECK(rule(!view.dims.empty() && view.dims.size() == view.strides.size(), task,
                     name + " needs one stride a dimension"));
  for (const int64_t extent : view.dims)
    TENFOLD_CHECK(
        rule(extent > 0, task, name + " has an empty dimension: " + to_string(view.dims)));
  TENFOLD_CHECK(rule(
      rank == 0 || view.dims.size() == rank, task,
      name + " must have " + std::to_string(rank) + " dimensions, has " + to_string(view.dims)));
  if (const auto elements = volume(view.dims); !elements) return elements.error();
  return {};
}

}  // namespace

Status rule(bool ok, const Task& task, const std::string& words) {
  if (ok) return {};
  return Error{ErrorCode::invalid_shape, task.op + ": " + words};
}

Status check_views(const Task& task, size_t inputs, size_t rank) {
  TENFOLD_CHECK(rule(task.inputs.size() >= inputs && task.outputs.size() == 1, task,
                     "needs " + std::to_string(inputs) + " inputs and 1 output, has " +
                         std::to_string(task.inputs.size()) + " and " +
                         std::to_string(task.outputs.size())));
  for (size_t i = 0; i < task.inputs.size(); ++i)
    TENFOLD_CHECK(
        check_view(task, task.inputs[i], "input " + std::to_string(i), i < inputs ? rank : 0));
  return check_view(task, task.outputs[0], "the output", rank);
}

Status check_output(const Task& task, const Dims& want) {
  return rule(task.outputs[0].dims == want, task,
              "the output must be " + to_string(want) + ", is " + to_string(task.outputs[0].dims));
}

Status check_attr(const Task& task, const std::string& name, double otherwise, int64_t low,
                  int64_t high) {
  const double value = task.attrs.get(name, otherwise);
  const bool ok = value >= static_cast<double>(low) && value <= static_cast<double>(high) &&
                  value == std::floor(value);
  return rule(ok, task,
              name + "=" + number_text(value) + " must be a whole number from " +
                  std::to_string(low) + " to " + std::to_string(high));
}

std::vector<Param> no_params(const Task&) {
  return {};
}

double no_flops(const Task&) {
  return 0;
}

}  // namespace tenfold::dsl
