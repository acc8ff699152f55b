// softmax with its lines filled up to whole vectors.
#pragma once
#include "dsl/algorithm_halide.h"

namespace tenfold::dsl {

/// The model of `softmax` along the innermost dimension, on lines of `padded` elements, of which
/// those past the end are never the largest and count nothing in the sum. Funcs as the model's,
/// and "line", those elements.
Algorithm padded_softmax(const Task& task, const Binding& binding, int padded);

}  // namespace tenfold::dsl
