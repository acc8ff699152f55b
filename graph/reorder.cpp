#include "graph/reorder.h"

#include <algorithm>

namespace tenfold::graph {

TensorId add_reordered(Network& network, TensorId like, Array value) {
  Tensor made = network.tensors[like];
  made.name += "/reordered" + std::to_string(network.tensors.size());
  made.dims = value.dims();
  made.constant = std::make_shared<const Array>(std::move(value));
  return network.add_tensor(std::move(made));
}

Array permuted(const Array& source, size_t axis, const std::vector<int64_t>& order) {
  Array result(source.type(), source.dims());
  const Dims strides = dense_strides(source.dims());
  const int64_t inner = strides[axis], extent = source.dims()[axis];
  const auto from = source.as<float>();
  const auto to = result.as<float>();
  for (int64_t outer = 0; outer < source.elements() / (inner * extent); ++outer)
    for (int64_t i = 0; i < extent; ++i)
      std::copy_n(from.begin() + (outer * extent + order[i]) * inner, inner,
                  to.begin() + (outer * extent + i) * inner);
  return result;
}

}  // namespace tenfold::graph
