// Packing against its definition, element by element.
#include "base/packing.h"

#include <gtest/gtest.h>

#include <random>

namespace tenfold {
namespace {

// packed[i0, i1, ...] = source'[c], source' by explicit sums over the transforms.
float defined(const Packing& packing, std::span<const float> source, Dims dims, const Dims& index) {
  Dims at(dims.size(), 0);
  for (size_t a = 0; a < index.size(); ++a)
    at[packing.axes[a].dim] += packing.axes[a].step * index[a];
  Dims grown = dims;
  for (const PackTransform& step : packing.transforms) grown[step.dim] = step.rows;
  for (size_t d = 0; d < at.size(); ++d)
    if (at[d] >= grown[d]) return 0;
  const Dims strides = dense_strides(dims);
  double total = 0;
  for (size_t i = 0; i < source.size(); ++i) {
    double term = source[i];
    for (size_t d = 0; d < dims.size(); ++d) {
      const int64_t c = static_cast<int64_t>(i) / strides[d] % dims[d];
      const PackTransform* step = nullptr;
      for (const PackTransform& candidate : packing.transforms)
        if (candidate.dim == static_cast<int>(d)) step = &candidate;
      term *= step ? step->matrix[at[d] * step->cols + c] : (c == at[d] ? 1.0 : 0.0);
    }
    total += term;
  }
  return static_cast<float>(total);
}

std::vector<float> integers(const Dims& dims) {
  std::mt19937 random(5);
  std::vector<float> values(*volume(dims));
  for (float& value : values) value = static_cast<float>(static_cast<int>(random() % 9) - 4);
  return values;
}

void expect_as_defined(const Packing& packing) {
  const std::vector<float> source = integers(packing.source);
  const auto packed = pack(packing, source);
  ASSERT_TRUE(packed) << packed.error().message;
  ASSERT_EQ(packed->dims(), packing.packed_dims());
  Dims index(packing.axes.size(), 0);
  for (const float value : packed->as<float>()) {
    ASSERT_EQ(value, defined(packing, source, packing.source, index)) << to_string(index);
    for (size_t a = index.size(); a-- > 0;) {
      if (++index[a] < packing.axes[a].extent) break;
      index[a] = 0;
    }
  }
}

TEST(Packing, PlainPadsTheLastDimension) {
  expect_as_defined(plain_packing({3, 5}, 4));
  expect_as_defined(plain_packing({3, 5}));
  expect_as_defined(plain_packing({7}, 8));
}

TEST(Packing, BlocksReorderAndPadWithZeros) {
  // {K, C, R, S} to blocks of 4 of K and 2 of C that divide neither.
  expect_as_defined(
      {{5, 3, 2, 3}, {}, {{0, 4, 2}, {1, 2, 2}, {2, 1, 2}, {3, 1, 3}, {1, 1, 2}, {0, 1, 4}}});
  // The last axis strides over a dimension, past its end.
  expect_as_defined({{5, 3}, {}, {{0, 1, 3}, {1, 1, 3}, {0, 3, 2}}});
}

TEST(Packing, TransformsComeFirst) {
  const std::vector<double> g{1, 0, 0, 1, 1, 1, 1, -1, 1, 0, 0, 1};
  expect_as_defined({{3, 2, 3, 3},
                     {{2, 4, 3, g}, {3, 4, 3, g}},
                     {{2, 1, 4}, {3, 1, 4}, {0, 2, 2}, {1, 1, 2}, {0, 1, 2}}});
}

TEST(Packing, AWrongSizeIsAnError) {
  const std::vector<float> source(5);
  const auto packed = pack(plain_packing({6}), source);
  ASSERT_FALSE(packed);
  EXPECT_EQ(packed.error().code, ErrorCode::invalid_shape);
}

}  // namespace
}  // namespace tenfold
