// One kernel: its symbol, its bytes, its scratch, its device code.
#include "codegen/kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/compile_halide.h"
#include "codegen/cuda_module.h"
#include "codegen/elf.h"
#include "codegen/file.h"
#include "codegen/target_halide.h"
#include "dsl/op.h"
#include "schedules/space.h"
#include "tests/codegen/example_plans.h"

namespace tenfold::codegen {
namespace {

using namespace testing_support;

Target target_of(const char* name) {
  return *parse_target(name);
}

KernelRequest request_for(const char* spec, const char* target) {
  KernelRequest request{.task = *dsl::parse_op_spec(spec), .target = target_of(target)};
  request.config = schedules::initial_config(request.task, request.target);
  return request;
}

constexpr const char* conv_spec = "conv2d n=1 h=8 w=8 c=8 k=16 r=3 s=3 pad=1 relu";

// A pipeline that parallelises over y and holds `floats` floats a row twice on the heap, one inside
// the other.
Result<Kernel> kernel_with_scratch(int floats) {
  return catch_halide([&] {
    Halide::Var x("x"), y("y");
    Halide::ImageParam in(Halide::Float(32), 2, "in");
    Halide::Func outer("outer"), inner("inner"), out("out");
    outer(x, y) = in(x, y) * 2;
    inner(x, y) = outer(x, y) + outer(floats - 1 - x, y);
    out(x, y) = inner(x, y) + inner(floats - 1 - x, y);
    out.bound(x, 0, floats).parallel(y);
    for (Halide::Func f : {outer, inner}) f.compute_at(out, y).store_in(Halide::MemoryType::Heap);
    return compile_pipeline({Halide::Pipeline(out), {in}}, "scratch", target_of("x86_64-avx2"),
                            false, "");
  });
}

TEST(Kernel, SymbolChangesWithEverythingThatChangesTheBytes) {
  const KernelRequest request = request_for(conv_spec, "x86_64-avx2");
  const std::string symbol = kernel_symbol(request);
  EXPECT_EQ(symbol.size(), 35u);
  EXPECT_THAT(symbol, testing::StartsWith("tk_"));
  KernelRequest other = request;
  other.asserts = true;
  EXPECT_NE(kernel_symbol(other), symbol);
  other = request;
  other.target = target_of("x86_64-avx512");
  EXPECT_NE(kernel_symbol(other), symbol);
  other = request;
  other.task.epilogue.clear();
  EXPECT_NE(kernel_symbol(other), symbol);
  other = request;
  other.ptxas = "/somewhere/ptxas";
  EXPECT_EQ(kernel_symbol(other), symbol);
}

// Weights beyond L2 are asked for into all levels: what goes past L2 is gone before it is used.
TEST(Kernel, PrefetchesIntoEveryLevel) {
  KernelRequest request = request_for("conv2d n=1 h=7 w=7 c=64 k=64", "x86_64-avx2");
  request.config = *parse_config(
      "direct cb=0 cu=1 kt=2 lanes=8 order=0 par=1 skip=0 stage=0 strip=0 su=0 xt=5 yt=0");
  const auto kernel = compile_kernel(request);
  ASSERT_TRUE(kernel) << kernel.error().message;
  TestFolder folder;
  ASSERT_TRUE(write_file(folder / "kernel.o", kernel->object));
  const std::string code = shell("objdump -d " + folder / "kernel.o");
  EXPECT_THAT(code, testing::HasSubstr("prefetcht0"));
  EXPECT_THAT(code, testing::Not(testing::HasSubstr("prefetchnta")));
}

// A tile of seven pixels, two vectors of channels to a line: each asks for every other pixel's.
TEST(Kernel, AsksOnceForALineThatTwoVectorsShare) {
  KernelRequest request =
      request_for("conv2d h=14 w=14 c=64 k=64 r=3 s=3 pad=1 depthwise halo bias", "x86_64-avx2");
  request.config =
      *parse_config("depthwise ahead=1 kb=2 lanes=8 order=0 ru=1 stage=0 strip=0 xt=7 yt=1");
  const auto kernel = compile_kernel(request);
  ASSERT_TRUE(kernel) << kernel.error().message;
  TestFolder folder;
  ASSERT_TRUE(write_file(folder / "kernel.o", kernel->object));
  const std::string code = shell("objdump -d " + folder / "kernel.o");
  int products = 0, asked = 0;
  for (size_t at = 0; (at = code.find("vfmadd", at)) != std::string::npos; ++at) ++products;
  for (size_t at = 0; (at = code.find("prefetcht0", at)) != std::string::npos; ++at) ++asked;
  EXPECT_GT(asked, 0);
  EXPECT_LE(asked * 9 * 7, products * 4);
}

TEST(Kernel, DefinesItsSymbolsAndAlignsItsCode) {
  const auto kernel = compile_kernel(request_for(conv_spec, "x86_64-avx2"));
  ASSERT_TRUE(kernel) << kernel.error().message;
  const auto symbols = elf_symbols(kernel->object);
  ASSERT_TRUE(symbols);
  EXPECT_THAT(symbols->defined, testing::IsSupersetOf({kernel->symbol, kernel->symbol + "_argv"}));
  TestFolder folder;
  ASSERT_TRUE(write_file(folder / "kernel.o", kernel->object));
  const std::string sections = shell("readelf -SW " + folder / "kernel.o" + " | grep ' .text.tk'");
  EXPECT_THAT(sections, testing::ContainsRegex(" AX +0 +0 +64\n"));
}

TEST(Kernel, ChecksAreThereWhenAskedFor) {
  KernelRequest request = request_for(conv_spec, "x86_64-avx2");
  const auto without = compile_kernel(request);
  request.asserts = true;
  const auto with = compile_kernel(request);
  ASSERT_TRUE(without && with);
  const auto calls_errors = [](const Kernel& kernel) {
    const auto symbols = elf_symbols(kernel.object);
    for (const std::string& name : symbols->undefined)
      if (name.starts_with("halide_error")) return true;
    return false;
  };
  EXPECT_FALSE(calls_errors(*without));
  EXPECT_TRUE(calls_errors(*with));
}

TEST(Kernel, ScratchIsTheDeepestNestOfHeapAllocations) {
  const auto kernel = kernel_with_scratch(8192);
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_GE(kernel->scratch_bytes, 2 * 8192 * 4);
  EXPECT_LE(kernel->scratch_bytes, 2 * (8192 * 4 + 192));
}

TEST(Kernel, IllegalConfigIsNamed) {
  KernelRequest request = request_for(conv_spec, "x86_64-avx2");
  request.config.values["nonsense"] = 1;
  const auto kernel = compile_kernel(request);
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(kernel.error().message, testing::HasSubstr("nonsense=1"));
}

TEST(Kernel, WhatTheCompilerThrowsBecomesAnError) {
  const auto kernel = catch_halide([]() -> Result<Kernel> {
    Halide::Func undefined("undefined");
    return compile_pipeline({Halide::Pipeline(undefined), {}}, "none", target_of("x86_64-avx2"),
                            false, "");
  });
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code, ErrorCode::failed);
  EXPECT_THAT(kernel.error().message, testing::Not(testing::HasSubstr("\n")));
}

TEST(Kernel, EveryTargetHasFlags) {
  for (const std::string& name : target_names()) {
    if (name == "host") continue;
    const auto flags = halide_target(target_of(name.c_str()), false);
    ASSERT_TRUE(flags) << name;
    EXPECT_FALSE(flags->has_feature(Halide::Target::AVX512_Zen4)) << name;
    EXPECT_TRUE(flags->has_feature(Halide::Target::UserContext)) << name;
  }
}

// A pipeline with one launch.
Result<Kernel> device_kernel(const char* target, const std::string& ptxas = {}) {
  return catch_halide([&] {
    Halide::Var x("x"), y("y"), xi("xi"), yi("yi");
    Halide::ImageParam in(Halide::Float(32), 2, "in");
    Halide::Func out("out");
    out(x, y) = in(x, y) * 2 + in(x + 1, y);
    out.gpu_tile(x, y, xi, yi, 16, 4, Halide::TailStrategy::GuardWithIf);
    return compile_pipeline({Halide::Pipeline(out), {in}}, "device", target_of(target), false,
                            ptxas);
  });
}

TEST(Kernel, OpenClKernelBringsItsSource) {
  const auto kernel = device_kernel("opencl");
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_THAT(kernel->device_code, testing::HasSubstr("__kernel"));
  EXPECT_TRUE(kernel->cubin.empty());
}

TEST(Kernel, CudaKernelBringsACubinOfItsArchitecture) {
  for (const char* target : {"cuda-sm80", "cuda-sm90"}) {
    const auto kernel = device_kernel(target);
    ASSERT_TRUE(kernel) << kernel.error().message;
    EXPECT_THAT(kernel->device_code, testing::HasSubstr(".entry"));
    EXPECT_THAT(kernel->cubin, testing::StartsWith("\x7f"
                                                   "ELF"));
    // The object carries both in one blob, and the PTX nowhere else.
    const std::string blob =
        cuda_module(kernel->cubin, target_of(target).cuda_capability, kernel->device_code);
    EXPECT_NE(kernel->object.find(blob), std::string::npos);
    EXPECT_LT(kernel->object.size(), blob.size() + 16384);
  }
}

TEST(Kernel, SpillsAndAMissingAssemblerAreErrors) {
  const auto missing = device_kernel("cuda-sm80", "/no/such/ptxas");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, testing::HasSubstr("/no/such/ptxas"));

  TestFolder folder;
  ASSERT_TRUE(write_file(
      folder / "ptxas",
      "#!/bin/sh\necho '16 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads'\n"));
  shell("chmod +x " + folder / "ptxas");
  const auto spilled = device_kernel("cuda-sm80", folder / "ptxas");
  ASSERT_FALSE(spilled);
  EXPECT_THAT(spilled.error().message, testing::HasSubstr("spills"));
}

}  // namespace
}  // namespace tenfold::codegen
