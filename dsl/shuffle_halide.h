// A channel shuffle as an order of reading: what grouped convolutions make of the attribute
// `shuffle`. Source: Zhang et al. 2018, ShuffleNet, section 3.1.
#pragma once
#include <Halide.h>

#include "base/task.h"

namespace tenfold::dsl {

/// order(c) is the channel of inputs[0] that a convolution with shuffle=m takes for its channel c:
/// (c % m) * (C/m) + c / m. A Func, so that schedules may keep it as a table: an index that is
/// computed for each channel costs a tenth of a narrow tile's time. Undefined without a shuffle.
Halide::Func channel_order(const Task& task);

/// The channel to read, by the order or, where that is undefined, the same.
Halide::Expr source_channel(const Task& task, const Halide::Func& order,
                            const Halide::Expr& channel);

}  // namespace tenfold::dsl
