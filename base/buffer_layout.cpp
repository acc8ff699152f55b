#include "base/buffer_layout.h"

#include <algorithm>

namespace tenfold {

Result<std::vector<BufferDim>> buffer_dims(const View& view) {
  const size_t rank = view.dims.size();
  std::vector<BufferDim> dims(rank);
  for (size_t i = 0; i < rank; ++i) dims[i] = {0, view.dims[rank - 1 - i], view.strides[rank - 1 - i]};

  int64_t displacement = view.offset;
  if (view.halo != Halo{}) {
    if (rank != 4) return Error{ErrorCode::invalid_shape, "a halo needs a view of four dimensions"};
    dims[1].min = -view.halo.left;
    dims[1].extent += view.halo.left + view.halo.right;
    dims[2].min = -view.halo.top;
    dims[2].extent += view.halo.top + view.halo.bottom;
    displacement -= view.halo.left * dims[1].stride + view.halo.top * dims[2].stride;
  }
  if (displacement == 0) return dims;

  const auto unit = std::find_if(dims.begin(), dims.end(), [](const BufferDim& dim) { return dim.stride == 1; });
  if (unit == dims.end())
    return Error{ErrorCode::invalid_shape, "an offset needs a dimension of stride 1 to be folded into"};
  unit->min -= displacement;
  unit->extent += std::max<int64_t>(displacement, 0);
  return dims;
}

std::vector<BufferDim> buffer_dims(const Dims& dense) {
  return *buffer_dims(dense_view(DType::f32, dense));
}

int64_t end_element(const View& view) {
  int64_t last = view.offset;
  for (size_t i = 0; i < view.dims.size(); ++i) last += (view.dims[i] - 1) * view.strides[i];
  if (view.dims.size() == 4) last += view.halo.bottom * view.strides[1] + view.halo.right * view.strides[2];
  return last + 1;
}

}  // namespace tenfold
