#include "cli/arrays.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cli/npy.h"
#include "tests/cli/program.h"

namespace tenfold::cli {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

Array floats(std::initializer_list<float> values) {
  Array array(DType::f32, {static_cast<int64_t>(values.size())});
  std::copy(values.begin(), values.end(), array.as<float>().begin());
  return array;
}

TEST(Compare, FindsTheElementThatIsFarthestOff) {
  const Result<Difference> found = compare(floats({1, 200, 3}), floats({1, 201, 3.5}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->max_abs, 1);
  EXPECT_EQ(found->index, 2);  // relative to max(1, |want|)
  EXPECT_NEAR(found->max_rel, 0.5 / 3.5, 1e-12);
  EXPECT_EQ(found->got, 3);
}

TEST(Compare, LetsNoNaNPass) {
  for (const auto& [got, want] : {std::pair{nan, 1.f},
                                  {1.f, nan},
                                  {nan, nan},
                                  {infinity, 1.f},
                                  {1.f, infinity},
                                  {infinity, -infinity},
                                  {nan, infinity}}) {
    const Result<Difference> found = compare(floats({0, got, 0}), floats({0, want, 0}));
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->max_rel <= 1e30) << got << " " << want;
    EXPECT_FALSE(found->max_abs <= 1e30) << got << " " << want;
  }
  EXPECT_EQ(compare(floats({infinity}), floats({infinity}))->max_rel, 0);
  EXPECT_FALSE(compare(floats({1}), floats({1, 2})));
  EXPECT_FALSE(compare(floats({1}), Array(DType::u8, {1})));
}

// Places come in floats, and are integers in the model.
TEST(Compare, HoldsFloatsAgainstWholeNumbers) {
  Array want(DType::i64, {2});
  want.as<int64_t>()[0] = 3;
  want.as<int64_t>()[1] = 16777216;
  const Result<Difference> same = compare(floats({3, 16777216}), want);
  ASSERT_TRUE(same);
  EXPECT_EQ(same->max_abs, 0);
  const Result<Difference> other = compare(floats({3, 16777215}), want);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->max_abs, 1);
}

const std::vector<PortInfo> ports{{"a", DType::f32, {2, 3}}, {"b", DType::i64, {4}}};

TEST(Inputs, AreCheckedAgainstTheirPorts) {
  const testing::Workplace place;
  const auto file = [&](const char* name, DType type, Dims dims) {
    EXPECT_TRUE(write_npy(place.path(name), Array(type, std::move(dims))));
    return place.path(name);
  };
  const std::string a = "a=" + file("a.npy", DType::f32, {2, 3}),
                    b = "b=" + file("b.npy", DType::i64, {4});
  EXPECT_TRUE(read_inputs(ports, {b, a}));
  EXPECT_EQ(read_inputs(ports, {a}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(read_inputs(ports, {a, a, b}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(read_inputs(ports, {a, b, "c=x.npy"}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(read_inputs(ports, {"a"}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(read_inputs(ports, {"a=" + place.path("b.npy"), b}).error().code,
            ErrorCode::invalid_shape);
  const auto flat = read_inputs(ports, {"a=" + file("flat.npy", DType::f32, {6}), b});
  ASSERT_FALSE(flat);
  EXPECT_NE(flat.error().message.find("input 'a' takes f32 2x3"), std::string::npos)
      << flat.error().message;
}

TEST(Inputs, ThatAreMadeUpDependOnTheSeedAlone) {
  const auto first = read_or_make_inputs(ports, {}, 7), again = read_or_make_inputs(ports, {}, 7),
             other = read_or_make_inputs(ports, {}, 8);
  ASSERT_TRUE(first && again && other);
  EXPECT_EQ(compare((*first)[0], (*again)[0])->max_abs, 0);
  EXPECT_NE(compare((*first)[0], (*other)[0])->max_abs, 0);
  for (const float value : (*first)[0].as<float>()) EXPECT_TRUE(value >= -1 && value < 1);
}

}  // namespace
}  // namespace tenfold::cli
