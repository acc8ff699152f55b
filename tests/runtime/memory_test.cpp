// Nothing is allocated after the first run, and the scratch stack holds what it promises.
#include "runtime/memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "allocation_count.h"
#include "toy.h"

namespace {

using tenfold::runtime::Pages;
using tenfold::runtime::Scratch;
using toy::Values;

TEST(Memory, NothingIsAllocatedAfterTheFirstRun) {
  const toy::Folder folder;
  toy::install(folder);
  for (const uint32_t threads : {1u, 2u, 3u}) {
    toy::Opened opened;
    ASSERT_EQ(tenfold_open(folder.path().c_str(), nullptr, &opened.network), TENFOLD_OK);
    const tenfold_context_options options = {.threads = threads};
    ASSERT_EQ(tenfold_context_create(opened.network, &options, &opened.context), TENFOLD_OK);
    const Values in = toy::input(3);
    Values out = {};
    ASSERT_EQ(tenfold_bind_input(opened.context, 0, in.data(), sizeof in), TENFOLD_OK);
    ASSERT_EQ(tenfold_bind_output(opened.context, 0, out.data(), sizeof out), TENFOLD_OK);
    ASSERT_EQ(tenfold_run(opened.context), TENFOLD_OK);

    const AllocationCount count;
    for (int round = 0; round < 300; ++round) tenfold_run(opened.context);
    EXPECT_EQ(count.calls(), 0) << threads << " threads";
    EXPECT_EQ(out, toy::expected(3));

    tenfold_memory memory;
    ASSERT_EQ(tenfold_context_memory(opened.context, &memory), TENFOLD_OK);
    EXPECT_EQ(memory.allocations, 0);
    EXPECT_EQ(memory.arena_bytes, 256 + 4096 + 256);
    EXPECT_EQ(memory.weights_bytes, 64 + 4096);
    EXPECT_GE(memory.scratch_bytes, 256 * threads);
  }
}

TEST(Memory, PagesAreZeroAndReadableAround) {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{5000}, size_t{124} << 10, size_t{128} << 10, size_t{300} << 10,
        (size_t{2} << 20) + 1, size_t{5} << 20}) {
    Pages pages(size);
    ASSERT_NE(pages.data(), nullptr);
    ASSERT_GE(pages.size_bytes(), size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(pages.data()) % (size < (128 << 10) ? 4096 : 2 << 20),
              0u);
    for (size_t i = 0; i < size; i += 511) ASSERT_EQ(pages.data()[i], std::byte{0});
    EXPECT_EQ(pages.data()[-4096], std::byte{0});
    EXPECT_EQ(pages.data()[pages.size_bytes() + 4095], std::byte{0});
    EXPECT_TRUE(pages.make_read_only());
    EXPECT_EQ(pages.data()[pages.size_bytes() + 4095], std::byte{0});
  }
  EXPECT_EQ(Pages(SIZE_MAX / 4).data(), nullptr);
}

TEST(Memory, ScratchTakesBackInAnyOrderAndGrowsOnce) {
  std::atomic<int64_t> allocations{0};
  Scratch scratch;
  ASSERT_TRUE(scratch.reserve(4096, allocations));
  EXPECT_EQ(allocations, 1);

  const auto use = [&] {
    std::vector<unsigned char*> blocks;
    for (int i = 0; i < 10; ++i) {
      auto* block = static_cast<unsigned char*>(
          scratch.allocate(static_cast<size_t>(1000 * i + 1), allocations));
      ASSERT_NE(block, nullptr);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
      std::memset(block, i, static_cast<size_t>(1000 * i + 1));
      blocks.push_back(block);
    }
    for (int i = 0; i < 10; ++i)
      for (int byte = 0; byte <= 1000 * i; byte += 100)
        ASSERT_EQ(blocks[static_cast<size_t>(i)][byte], i);
    for (const size_t i : {3u, 0u, 9u, 1u, 8u, 2u, 5u, 7u, 6u, 4u})
      scratch.release(blocks[i], allocations);
  };
  use();
  const int64_t grown = allocations;
  EXPECT_GT(grown, 1);
  for (int round = 0; round < 20; ++round) use();
  EXPECT_EQ(allocations, grown);
  scratch.release(nullptr, allocations);
  EXPECT_EQ(scratch.allocate(SIZE_MAX - 100, allocations), nullptr);
}

TEST(Memory, EarlyReleaseMakesRoomAgain) {
  std::atomic<int64_t> allocations{0};
  Scratch scratch;
  ASSERT_TRUE(scratch.reserve(64 << 10, allocations));
  for (int round = 0; round < 1000; ++round) {
    void* a = scratch.allocate(10000, allocations);
    void* b = scratch.allocate(10000, allocations);
    scratch.release(a, allocations);
    void* c = scratch.allocate(10000, allocations);
    scratch.release(c, allocations);
    scratch.release(b, allocations);
  }
  EXPECT_EQ(allocations, 1);
}

}  // namespace
