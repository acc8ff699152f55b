// Packing: how a constant (weights, bias) is laid out for one config, as plain data. The compiler applies it when it
// writes a network's weights; a library made from a single operator carries it so that its users can pack their own.
#pragma once
#include <span>
#include <vector>

#include "base/types.h"

namespace tenfold {

/// One dimension of the packed array, outermost first. Its index i adds step*i to source coordinate `dim`.
struct PackAxis {
  int dim = 0;
  int64_t step = 1;
  int64_t extent = 1;
  auto operator<=>(const PackAxis&) const = default;
};

/// Before packing, source dimension `dim` is replaced by matrix * itself (Winograd's G): rows x cols, row-major, cols
/// being the source's extent there. Sums are taken in double.
struct PackTransform {
  int dim = 0;
  int64_t rows = 0, cols = 0;
  std::vector<double> matrix;
  auto operator<=>(const PackTransform&) const = default;
};

/// packed[i0, i1, ...] = source'[c], where c[d] is the sum of step*i over the axes of dim d, and 0 outside source'.
struct Packing {
  Dims source;
  std::vector<PackTransform> transforms;
  std::vector<PackAxis> axes;

  Dims packed_dims() const;
  auto operator<=>(const Packing&) const = default;
};

/// The packing that changes nothing but pads the last dimension with zeros to a multiple of `multiple`.
Packing plain_packing(Dims source, int64_t multiple = 1);

/// Errors: invalid_shape when the source's size is not that of packing.source.
Result<Array> pack(const Packing& packing, std::span<const float> source);

}  // namespace tenfold
