// What every space's apply has in common: the binding of its packed constants, and the pipeline's
// end.
#pragma once
#include "dsl/algorithm_halide.h"
#include "schedules/scheduled_halide.h"

namespace tenfold::schedules {

/// The pipeline of scheduled outputs with its arguments in the order of a kernel's: inputs, params,
/// outputs.
Scheduled finish(const dsl::Algorithm& algorithm, const dsl::Binding& binding);

}  // namespace tenfold::schedules
