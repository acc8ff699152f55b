// The weights file, byte by byte as docs/file-formats.md states it.
#include "codegen/weights.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/hash.h"
#include "tenfold/abi.h"
#include "tests/codegen/example_plans.h"

namespace tenfold::codegen {
namespace {

using namespace testing_support;

Array numbers(int64_t count, float first) {
  Array array(DType::f32, {count});
  for (int64_t i = 0; i < count; ++i) array.as<float>()[i] = first + static_cast<float>(i);
  return array;
}

TEST(Weights, SectionsEntriesAndHash) {
  TestFolder folder;
  const Array one = numbers(5, 1), two = numbers(40, 100), again = numbers(5, 1);
  {
    auto writer = WeightsWriter::create(folder / "w");
    ASSERT_TRUE(writer) << writer.error().message;
    ASSERT_TRUE(writer->begin_section());
    EXPECT_EQ(*writer->add(one, plain_packing({5}, 8)), 0);
    EXPECT_EQ(*writer->add(two, plain_packing({40})), 64);
    EXPECT_EQ(*writer->add(again, plain_packing({5}, 8)), 0);      // equal bytes
    EXPECT_EQ(*writer->add(again, plain_packing({5})), 64 + 192);  // packed otherwise
    ASSERT_TRUE(writer->end_section());
    EXPECT_EQ(writer->section_offset_bytes(), 4096);
    EXPECT_EQ(writer->section_size_bytes(), 4096);
    ASSERT_TRUE(writer->begin_section());
    EXPECT_EQ(*writer->add(one, plain_packing({5}, 8)), 0);
    ASSERT_TRUE(writer->end_section());
    EXPECT_EQ(writer->section_offset_bytes(), 8192);
    EXPECT_EQ(writer->size_bytes(), 3 * 4096);
    const auto hash = writer->finish();
    ASSERT_TRUE(hash);
    const std::string file = *read_file(folder / "w");
    tenfold_weights_header header;
    std::memcpy(&header, file.data(), sizeof header);
    EXPECT_STREQ(header.magic, TENFOLD_WEIGHTS_MAGIC);
    EXPECT_EQ(header.size_bytes, static_cast<int64_t>(file.size()));
    EXPECT_EQ(std::string(header.hash, 32), *hash);
    EXPECT_EQ(content_hash(std::string_view(file).substr(sizeof header)), *hash);
    float values[8];
    std::memcpy(values, file.data() + 4096, sizeof values);
    for (int i = 0; i < 8; ++i) EXPECT_EQ(values[i], i < 5 ? 1.f + static_cast<float>(i) : 0.f);
    EXPECT_EQ(std::memcmp(file.data() + 4096 + 64, two.bytes(), 160), 0);
  }
  EXPECT_TRUE(read_file(folder / "w"));
}

TEST(Weights, AFileThatIsNotFinishedIsRemoved) {
  TestFolder folder;
  { ASSERT_TRUE(WeightsWriter::create(folder / "w")); }
  EXPECT_TRUE(listing(folder.path()).empty());
}

TEST(Weights, AConstantOfTheWrongSizeIsAnError) {
  TestFolder folder;
  auto writer = WeightsWriter::create(folder / "w");
  ASSERT_TRUE(writer && writer->begin_section());
  const auto offset = writer->add(numbers(5, 1), plain_packing({6}));
  ASSERT_FALSE(offset);
  EXPECT_EQ(offset.error().code, ErrorCode::invalid_shape);
}

}  // namespace
}  // namespace tenfold::codegen
