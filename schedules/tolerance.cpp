// A sum of L products of unit-scale values in float32, added one after the other, has partial sums
// of about sqrt(i)/3 and a rounding of at most 2^-24 of each: together about 2^-24 * L / 8 in the
// root mean square. Four times that holds for the largest of a million outputs. A chain's functions
// are within 4e-6 (dsl/stage_halide.cpp). extra_error is relative to the output's norm, whose
// elements are of order sqrt(L)/3; the outputs at the end of a Winograd tile have about twice the
// error of the mean, of which four deviations are allowed again. Where the anchor is several
// operators, what one hands to the next is of order sqrt(F)/3, F being its fan-in, instead of
// sqrt(1/3).
#include <algorithm>
#include <cmath>

#include "dsl/op.h"
#include "schedules/space.h"

namespace tenfold::schedules {
namespace {

double inner_scale(const Task& task) {
  double scale = 1, next = 1;
  for (const dsl::Param& param : dsl::params(task)) {
    if (param.dims.size() != 4) continue;
    scale *= next;
    next = std::max(1.0, std::sqrt(static_cast<double>(*volume(param.dims) / param.dims[0]) / 3));
  }
  return scale;
}

}  // namespace

Tolerance tolerance(const Task& task, const Config& config) {
  const double outputs = static_cast<double>(*volume(task.outputs[0].dims));
  const double length = std::max(1.0, dsl::flops(task) / 2 / outputs);
  const auto space = find_space(config.algorithm);
  const double extra = space && (*space)->extra_error ? (*space)->extra_error(task, config) : 0;
  const double inner = (*dsl::find_op(task.op))->operators > 1 ? inner_scale(task) : 1;
  return {.absolute = inner * (8e-6 + std::ldexp(length, -24) / 2) + 8 * extra * std::sqrt(length) / 3,
          .relative = 1e-5 + extra};
}

}  // namespace tenfold::schedules
