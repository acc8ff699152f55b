// The Halide half of conv_loops.h.
#pragma once
#include "dsl/algorithm_halide.h"
#include "schedules/conv_loops.h"

namespace tenfold::schedules {

/// Keeps "load", where an algorithm has one, inside the loop `at` of `out` (a strip's or a tile's)
/// or whole, in the order in which the input itself lies, and makes it in vectors. Makes "order",
/// where there is one, a table. At least `channels` are made at once; 0: all.
void keep_load(const dsl::Algorithm& algorithm, Halide::Func out, const Halide::Var& at,
               const Task& task, const Target& target, int64_t stage, int64_t channels = 0);

}  // namespace tenfold::schedules
