// What every space's apply has in common: the binding of its packed constants, and the pipeline's
// end.
#pragma once
#include "dsl/algorithm_halide.h"
#include "schedules/scheduled_halide.h"

namespace tenfold::schedules {

/// Cuts a dimension of `extent` into blocks of `vectors` vectors of `lanes`. The lanes are split
/// off first, so that only the last vector that has anything to store is guarded lane by lane
/// (`tail`), and vectors beyond it by a scalar condition: Halide 21 drops the predicate of a vector
/// store when it is known to be false in every lane, and stores all of it.
void split_vectors(Halide::Stage out, const Halide::Var& dim, const Halide::Var& block,
                   const Halide::Var& vector, const Halide::Var& lane, int64_t extent, int lanes,
                   int vectors, Halide::TailStrategy tail);

/// The pipeline of scheduled outputs with its arguments in the order of a kernel's: inputs, params,
/// outputs.
Scheduled finish(const dsl::Algorithm& algorithm, const dsl::Binding& binding);

}  // namespace tenfold::schedules
