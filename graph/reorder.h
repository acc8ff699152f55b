// Constants with their elements in another order.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// result[.., i, ..] = source[.., order[i], ..] along `axis`. Precondition: f32.
Array permuted(const Array& source, size_t axis, const std::vector<int64_t>& order);

/// A constant that stands in for `like`.
TensorId add_reordered(Network& network, TensorId like, Array value);

}  // namespace tenfold::graph
