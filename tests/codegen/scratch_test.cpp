// The bound on a kernel's heap, over lowered code written by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/scratch_halide.h"

namespace tenfold::codegen {
namespace {

using namespace Halide::Internal;
using Halide::Expr;
using Halide::MemoryType;

// An allocation of floats, alive while `body` runs.
Stmt allocate(const std::string& name, std::vector<Expr> extents, MemoryType where,
              const Stmt& body) {
  return Allocate::make(name, Halide::Float(32), where, std::move(extents), const_true(), body);
}

Stmt nothing() {
  return Evaluate::make(0);
}

Stmt loop(const std::string& name, const Expr& extent, ForType type, const Stmt& body) {
  return For::make(name, 0, extent, type, Halide::Partition::Auto, Halide::DeviceAPI::None, body);
}

Expr variable(const std::string& name) {
  return Variable::make(Halide::Int(32), name);
}

Result<int64_t> scratch_of(const Stmt& code) {
  Halide::Module module("module", Halide::Target("x86-64-linux"));
  module.set_conceptual_code_stmt(code);
  return scratch_bytes(module);
}

TEST(Scratch, NestsAddUpAndSequencesDoNot) {
  const Stmt inner = allocate("inner", {1000}, MemoryType::Heap, nothing());
  const Stmt other = allocate("other", {100}, MemoryType::Heap, nothing());
  const Stmt nest = allocate("outer", {10}, MemoryType::Heap, Block::make(inner, other));
  const auto bytes = scratch_of(loop("y", 5, ForType::Parallel, nest));
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, (64 + 64) + (4032 + 64));  // 40 and 4000 bytes, rounded up, with 64 behind each
}

TEST(Scratch, OnlyWhatGoesToTheHeapCounts) {
  EXPECT_EQ(*scratch_of(allocate("a", {4096}, MemoryType::Auto, nothing())), 0);  // 16 KiB
  EXPECT_EQ(*scratch_of(allocate("a", {4097}, MemoryType::Auto, nothing())), 16448 + 64);
  EXPECT_EQ(*scratch_of(allocate("a", {100}, MemoryType::Stack, nothing())), 0);
  EXPECT_EQ(*scratch_of(allocate("a", {100000}, MemoryType::Register, nothing())), 0);
  EXPECT_EQ(*scratch_of(allocate("a", {}, MemoryType::Auto, nothing())), 0);
}

TEST(Scratch, SizesThatVaryAreBounded) {
  // The last strip of rows is shorter: 8 - max(3 y, 5) of them, at most 3.
  const Stmt body = allocate("a", {16, variable("rows")}, MemoryType::Auto, nothing());
  const Stmt strip = LetStmt::make("rows", 8 - Halide::max(variable("y") * 3, 5), body);
  const auto bytes = scratch_of(loop("y", 3, ForType::Serial, strip));
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(*bytes, 192 + 64);  // small, but of no constant size: not on the stack
}

TEST(Scratch, ASizeWithoutABoundIsNamed) {
  const auto bytes =
      scratch_of(allocate("wild", {variable("anything")}, MemoryType::Heap, nothing()));
  ASSERT_FALSE(bytes);
  EXPECT_THAT(bytes.error().message, testing::HasSubstr("'wild'"));
}

}  // namespace
}  // namespace tenfold::codegen
