// A sum of L products of unit-scale values in float32, added one after the other, has partial sums
// of about sqrt(i)/3 and a rounding of at most 2^-24 of each: together about 2^-24 * L / 8 in the
// root mean square. Four times that holds for the largest of a million outputs. A chain's functions
// are within 4e-6 (dsl/stage_halide.cpp). extra_error is relative to the output's norm, whose
// elements are of order sqrt(L)/3; four deviations again.
#include <algorithm>
#include <cmath>

#include "dsl/op.h"
#include "schedules/space.h"

namespace tenfold::schedules {

Tolerance tolerance(const Task& task, const Config& config) {
  const double outputs = static_cast<double>(*volume(task.outputs[0].dims));
  const double length = std::max(1.0, dsl::flops(task) / 2 / outputs);
  const auto space = find_space(config.algorithm);
  const double extra = space && (*space)->extra_error ? (*space)->extra_error(task, config) : 0;
  return {.absolute = 8e-6 + std::ldexp(length, -24) / 2 + 4 * extra * std::sqrt(length) / 3,
          .relative = 1e-5 + extra};
}

}  // namespace tenfold::schedules
