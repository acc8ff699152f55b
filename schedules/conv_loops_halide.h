// The Halide half of conv_loops.h.
#pragma once
#include "dsl/algorithm_halide.h"
#include "schedules/conv_loops.h"

namespace tenfold::schedules {

/// Keeps "load", where an algorithm has one, inside `strip` of `out` or whole, in the order in
/// which the input itself lies, and makes it in vectors.
void keep_load(const dsl::Algorithm& algorithm, Halide::Func out, const Halide::Var& strip,
               const Task& task, const Target& target, int64_t stage);

}  // namespace tenfold::schedules
