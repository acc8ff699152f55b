#include "graph/strides.h"

#include <gtest/gtest.h>

#include <numeric>

namespace tenfold::graph {
namespace {

TEST(Strides, ViewOrderAndBack) {
  EXPECT_EQ(to_view_order({2, 3, 5, 7}), (Dims{2, 5, 7, 3}));
  EXPECT_EQ(to_model_order({2, 5, 7, 3}), (Dims{2, 3, 5, 7}));
  EXPECT_EQ(to_view_order({2, 3, 5}), (Dims{2, 3, 5}));
  for (int d = 0; d < 4; ++d) EXPECT_EQ(to_view_order({0, 1, 2, 3})[view_dim(4, d)], d);
}

TEST(Strides, ReshapesThatAreViews) {
  EXPECT_EQ(reshaped_strides({2, 12}, {12, 1}, {2, 3, 4}), (Dims{12, 4, 1}));
  EXPECT_EQ(reshaped_strides({2, 3, 4}, {20, 4, 1}, {2, 12}), (Dims{20, 1}));
  EXPECT_EQ(reshaped_strides({2, 5, 1, 1}, {8, 1, 8, 8}, {2, 5}), (Dims{8, 1}));
  EXPECT_EQ(reshaped_strides({2, 5, 3, 4}, {60, 1, 20, 5}, {2, 5, 12}), (Dims{60, 1, 5}));
  EXPECT_EQ(reshaped_strides({1, 1}, {7, 3}, {1}), (Dims{1}));
}

TEST(Strides, ReshapesThatAreNot) {
  EXPECT_FALSE(reshaped_strides({2, 5, 3, 4}, {60, 1, 20, 5}, {2, 60}));
  EXPECT_FALSE(reshaped_strides({2, 3, 4}, {20, 5, 1}, {2, 12}));
}

// Copies through the boxes and compares with the row-major meaning of a reshape.
void expect_copies(const Dims& from, const Dims& from_strides, const Dims& to,
                   const Dims& to_strides) {
  const auto boxes = copy_boxes(from, from_strides, to, to_strides);
  ASSERT_TRUE(boxes);
  const int64_t count = *volume(from);
  const auto at = [](const Dims& dims, const Dims& strides, int64_t flat) {
    int64_t result = 0;
    for (size_t d = dims.size(); d-- > 0;) result += flat % dims[d] * strides[d], flat /= dims[d];
    return result;
  };
  ASSERT_EQ(*volume(boxes->dims), count);
  for (int64_t i = 0; i < count; ++i) {
    EXPECT_EQ(at(boxes->dims, boxes->from_strides, i), at(from, from_strides, i));
    EXPECT_EQ(at(boxes->dims, boxes->to_strides, i), at(to, to_strides, i));
  }
}

TEST(Strides, CopyBoxesCutAndMerge) {
  expect_copies({2, 5, 3, 4}, {60, 1, 20, 5}, {2, 60}, {60, 1});
  expect_copies({2, 4, 9, 4}, {144, 1, 16, 4}, {2, 12, 3, 4}, {144, 12, 4, 1});
  expect_copies({1, 1, 1}, {1, 1, 1}, {1}, {1});
  const auto dense = copy_boxes({2, 3, 4}, {12, 4, 1}, {6, 4}, {4, 1});
  EXPECT_EQ(dense->dims, (Dims{24}));
  EXPECT_FALSE(copy_boxes({4, 6}, {6, 1}, {6, 4}, {4, 1}));
}

TEST(Strides, UnitDimensions) {
  const View strided{DType::f32, {2, 3}, {12, 4}, 5, {}};
  EXPECT_TRUE(needs_unit_dim(strided));
  EXPECT_FALSE(needs_unit_dim(with_unit_dim(strided)));
}

}  // namespace
}  // namespace tenfold::graph
