#include "base/packing.h"

#include <algorithm>

namespace tenfold {
namespace {

std::vector<double> transformed(const std::vector<double>& source, const Dims& dims,
                                const PackTransform& step) {
  int64_t outer = 1, inner = 1;
  for (int d = 0; d < step.dim; ++d) outer *= dims[d];
  for (size_t d = step.dim + 1; d < dims.size(); ++d) inner *= dims[d];
  std::vector<double> out(outer * step.rows * inner);
  double* to = out.data();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t r = 0; r < step.rows; ++r)
      for (int64_t i = 0; i < inner; ++i) {
        const double* from = &source[o * step.cols * inner + i];
        double sum = 0;
        for (int64_t c = 0; c < step.cols; ++c)
          sum += step.matrix[r * step.cols + c] * from[c * inner];
        *to++ = sum;
      }
  return out;
}

// Copies into the zero-filled `packed`, a run along the last axis at a time.
template <class T>
void arrange(const Packing& packing, const T* source, const Dims& dims, std::span<float> packed) {
  const Dims strides = dense_strides(dims);
  const PackAxis last = packing.axes.empty() ? PackAxis{} : packing.axes.back();
  const size_t outer_axes = packing.axes.empty() ? 0 : packing.axes.size() - 1;
  Dims index(outer_axes, 0), at(dims.size());
  for (size_t run = 0; run < packed.size(); run += last.extent) {
    std::fill(at.begin(), at.end(), 0);
    for (size_t a = 0; a < outer_axes; ++a)
      at[packing.axes[a].dim] += packing.axes[a].step * index[a];
    bool inside = true;
    int64_t from = 0;
    for (size_t d = 0; d < at.size(); ++d) {
      inside = inside && at[d] < dims[d];
      from += at[d] * strides[d];
    }
    if (inside) {
      int64_t count = 1, stride = 0;
      if (!dims.empty()) {
        count = (dims[last.dim] - at[last.dim] + last.step - 1) / last.step;
        stride = last.step * strides[last.dim];
      }
      count = std::min(count, last.extent);
      for (int64_t i = 0; i < count; ++i)
        packed[run + i] = static_cast<float>(source[from + i * stride]);
    }
    for (size_t a = outer_axes; a-- > 0;) {
      if (++index[a] < packing.axes[a].extent) break;
      index[a] = 0;
    }
  }
}

}  // namespace

Dims Packing::packed_dims() const {
  Dims dims;
  for (const PackAxis& axis : axes) dims.push_back(axis.extent);
  return dims;
}

Packing plain_packing(Dims source, int64_t multiple) {
  Packing packing{.source = std::move(source), .transforms = {}, .axes = {}};
  for (size_t d = 0; d < packing.source.size(); ++d) {
    const int64_t extent = packing.source[d];
    const bool last = d + 1 == packing.source.size();
    packing.axes.push_back(
        {static_cast<int>(d), 1, last ? (extent + multiple - 1) / multiple * multiple : extent});
  }
  return packing;
}

Result<Array> pack(const Packing& packing, std::span<const float> source) {
  TENFOLD_TRY(const int64_t elements, volume(packing.source));
  if (static_cast<int64_t>(source.size()) != elements)
    return Error{ErrorCode::invalid_shape, "packing wants " + std::to_string(elements) +
                                               " values (" + to_string(packing.source) + "), got " +
                                               std::to_string(source.size())};
  Dims dims = packing.source;
  std::vector<double> values;
  for (const PackTransform& step : packing.transforms) {
    assert(dims[step.dim] == step.cols);
    values = transformed(
        values.empty() ? std::vector<double>(source.begin(), source.end()) : values, dims, step);
    dims[step.dim] = step.rows;
  }

  Array out(DType::f32, packing.packed_dims());
  if (values.empty())
    arrange(packing, source.data(), dims, out.as<float>());
  else
    arrange(packing, values.data(), dims, out.as<float>());
  return out;
}

}  // namespace tenfold
