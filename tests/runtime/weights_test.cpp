// Weights that are large enough to be copied are the same bytes as those that are mapped,
// read-only, and outlive the file's name.
#include "runtime/weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "toy.h"

namespace {

using tenfold::runtime::Weights;
using tenfold::runtime::WeightsOptions;

constexpr int64_t page = 4096, section = (int64_t{9} << 20) + 52;
constexpr char hash[] = "0123456789abcdef0123456789abcdef";

class WeightsFile : public testing::Test {
 protected:
  WeightsFile() : bytes_(page + section) {
    for (size_t i = 0; i < bytes_.size(); ++i) bytes_[i] = static_cast<char>(i * 7 + i / 4096);
    tenfold_weights_header header = {
        TENFOLD_WEIGHTS_MAGIC, static_cast<int64_t>(bytes_.size()), {}};
    std::memcpy(header.hash, hash, sizeof header.hash);
    std::memcpy(bytes_.data(), &header, sizeof header);
    folder_.write("large.weights", bytes_);
    library_.name = "large";
    library_.weights_size_bytes = page + section;
    library_.weights_hash = hash;
    variant_.target = "x86_64-avx2";
    variant_.weights_offset_bytes = page;
    variant_.weights_size_bytes = section;
  }

  Weights load(bool copy) {
    Weights weights;
    const auto failure = Weights::load(folder_ / "large.weights", library_, variant_,
                                       WeightsOptions{.copy = copy}, weights);
    EXPECT_FALSE(failure) << failure.text;
    return weights;
  }

  bool holds_the_file(const Weights& weights) const {
    return weights.size_bytes() == static_cast<size_t>(section) &&
           std::memcmp(weights.data(), bytes_.data() + page, section) == 0;
  }

  toy::Folder folder_;
  std::vector<char> bytes_;
  tenfold_library library_ = {};
  tenfold_variant variant_ = {};
};

TEST_F(WeightsFile, IsTheSameCopiedAndMapped) {
  for (const bool copy : {false, true}) {
    Weights weights = load(copy);
    EXPECT_TRUE(holds_the_file(weights)) << copy;
    const Weights moved = std::move(weights);
    EXPECT_TRUE(holds_the_file(moved)) << copy;
  }
}

TEST_F(WeightsFile, OutlivesItsName) {
  for (const bool copy : {false, true}) {
    folder_.write("large.weights", bytes_);
    const Weights weights = load(copy);
    std::filesystem::remove(folder_ / "large.weights");
    EXPECT_TRUE(holds_the_file(weights)) << copy;
  }
}

TEST_F(WeightsFile, IsNotReadAgainOnceItIsCopied) {
  std::ifstream setting("/sys/kernel/mm/transparent_hugepage/enabled");
  const std::string enabled{std::istreambuf_iterator<char>(setting), {}};
  if (enabled.empty() || enabled.find("[never]") != std::string::npos)
    GTEST_SKIP() << "this system has no huge pages";
  const Weights copied = load(true), mapped = load(false);
  std::vector<char> other = bytes_;
  other[page + 100] ^= 1;
  std::fstream(folder_ / "large.weights", std::ios::binary | std::ios::in | std::ios::out)
      .write(other.data(), static_cast<std::streamsize>(other.size()));
  EXPECT_TRUE(holds_the_file(copied));
  EXPECT_FALSE(holds_the_file(mapped));
}

TEST_F(WeightsFile, IsRefusedWhenItIsShorter) {
  bytes_.resize(bytes_.size() - 1);
  folder_.write("large.weights", bytes_);
  Weights weights;
  const auto failure = Weights::load(folder_ / "large.weights", library_, variant_,
                                     WeightsOptions{.copy = true}, weights);
  EXPECT_TRUE(failure);
  EXPECT_EQ(weights.data(), nullptr);
}

using WeightsDeathTest = WeightsFile;

TEST_F(WeightsDeathTest, IsReadOnly) {
  for (const bool copy : {false, true}) {
    const Weights weights = load(copy);
    EXPECT_DEATH(const_cast<std::byte*>(weights.data())[5] = std::byte{1}, "");
  }
}

}  // namespace
