// Vectors on the stack: found in code, and put on an aligned one.
#include <gtest/gtest.h>

#include <stdexcept>
#include <tuple>

#include "codegen/aligned_stack_halide.h"
#include "codegen/elf.h"
#include "codegen/file.h"
#include "codegen/kernel.h"
#include "dsl/op.h"
#include "schedules/space.h"
#include "tests/codegen/example_plans.h"

namespace tenfold::codegen {
namespace {

using namespace testing_support;

struct Instruction {
  const char* text;
  int spills;
};

// Assembled by the system's assembler: the encodings are its own.
class UnalignedSpills : public testing::TestWithParam<Instruction> {};

TEST_P(UnalignedSpills, AreCounted) {
  TestFolder folder;
  const std::string source = std::string(".globl f\n.type f, @function\nf:\n") + GetParam().text +
                             "\nret\nnop\nnop\nnop\nnop\nnop\nnop\n.size f, . - f\n";
  ASSERT_TRUE(write_file(folder / "f.s", source));
  shell("as -o " + folder / "f.o" + " " + folder / "f.s");
  const auto object = read_file(folder / "f.o");
  ASSERT_TRUE(object) << object.error().message;
  const auto functions = elf_functions(*object);
  ASSERT_TRUE(functions) << functions.error().message;
  ASSERT_EQ(functions->size(), 1u);
  EXPECT_EQ((*functions)[0].name, "f");
  EXPECT_EQ(unaligned_spills((*functions)[0].code), GetParam().spills);
}

INSTANTIATE_TEST_SUITE_P(
    Codegen, UnalignedSpills,
    testing::Values(
        Instruction{"vmovups %ymm6, -0x40(%rsp)", 1}, Instruction{"vmovups %ymm9, (%rsp)", 1},
        Instruction{"vmovups %zmm1, 0x140(%rsp)", 1}, Instruction{"vmovups %zmm20, 0x123(%rsp)", 1},
        Instruction{"vmovups %ymm17, 0x20(%rsp)", 1},
        Instruction{"vmovups %ymm6, (%rsp)\nnop\nvmovups %zmm31, 0x40(%rsp)", 2},
        Instruction{"vmovupd %ymm2, 0x60(%rsp)", 1}, Instruction{"vmovupd %zmm2, 0x40(%rsp)", 1},
        Instruction{"vmovdqu %ymm12, 0x20(%rsp)", 1},
        Instruction{"vmovdqu64 %zmm18, 0x40(%rsp)", 1}, Instruction{"vmovdqu32 %zmm3, (%rsp)", 1},
        Instruction{"vmovdqu (%rsp), %ymm12", 0}, Instruction{"vmovss %xmm1, (%rsp)", 0},
        Instruction{"vmovups 0x20(%rsp), %ymm1", 0}, Instruction{"vmovaps %ymm6, 0x20(%rsp)", 0},
        Instruction{"vmovups %xmm6, 0x10(%rsp)", 0}, Instruction{"vmovups %ymm6, 0x20(%rbp)", 0},
        Instruction{"vmovups %ymm6, (%r12)", 0}, Instruction{"vmovups %ymm6, 0x20(%rsp,%rax,4)", 0},
        Instruction{"vmovups %zmm6, 0x40(%rsp){%k1}", 0}, Instruction{"nop", 0}));

TEST(UnalignedSpills, ShortCodeHasNone) {
  for (const char* code : {"", "\xc5", "\xc5\xfc\x11", "\x62\xf1\x7c\x48\x11"})
    EXPECT_EQ(unaligned_spills(code), 0);
}

struct Spills {
  int unaligned = 0;
  bool aligned = false;  // some function aligns its stack
};

Spills spills_of(const char* target, const char* spec, const char* config) {
  KernelRequest request{.task = *dsl::parse_op_spec(spec), .target = *parse_target(target)};
  request.config = *parse_config(config);
  const auto kernel = compile_kernel(request);
  if (!kernel) throw std::runtime_error(kernel.error().message);
  const auto functions = elf_functions(kernel->object);
  if (!functions) throw std::runtime_error(functions.error().message);
  Spills spills;
  for (const ElfFunction& function : *functions) {
    spills.unaligned += unaligned_spills(function.code);
    constexpr std::string_view and_rsp_64("\x48\x83\xe4\xc0");
    spills.aligned = spills.aligned || function.code.find(and_rsp_64) != std::string_view::npos;
  }
  return spills;
}

TEST(AlignedStack, HoldsTheVectorsThatFindNoRegister) {
  for (const auto& [target, spec, config] :
       {std::tuple{"x86_64-avx2", "conv2d h=28 w=28 c=192 k=192 r=7 s=7 pad=3 depthwise halo bias",
                   "depthwise ahead=0 kb=5 lanes=8 order=0 ru=1 stage=0 strip=0 xt=4 yt=2"},
        {"x86_64-avx512", "conv2d h=8 w=8 c=128 k=128 r=3 s=3 pad=1 groups=32 halo bias relu",
         "grouped cu=4 gb=0 kt=1 lanes=16 order=0 share=4 stage=0 strip=1 tu=2 turns=0 xt=4 "
         "yt=4"}}) {
    const Spills spills = spills_of(target, spec, config);
    EXPECT_TRUE(spills.aligned) << target;
    EXPECT_EQ(spills.unaligned, 0) << target;
  }
}

// The loop has more use for the register.
TEST(AlignedStack, LeavesAFewVectorsWhereTheyAre) {
  const Spills spills = spills_of(
      "x86_64-avx2", "conv2d h=12 w=12 c=16 k=16 bias relu",
      "direct cb=0 cu=1 kt=2 lanes=8 order=0 par=0 skip=0 stage=0 strip=0 su=0 xt=6 yt=1");
  EXPECT_FALSE(spills.aligned);
  EXPECT_GT(spills.unaligned, 0);
  EXPECT_LT(spills.unaligned, 8);
}

TEST(ElfFunctions, OfWhatIsNoObjectAreAnError) {
  KernelRequest request{.task = *dsl::parse_op_spec("map c=4 relu"),
                        .target = *parse_target("x86_64-avx2")};
  request.config = schedules::initial_config(request.task, request.target);
  const auto kernel = compile_kernel(request);
  ASSERT_TRUE(kernel) << kernel.error().message;
  ASSERT_TRUE(elf_functions(kernel->object));
  for (size_t size = 0; size < kernel->object.size(); size += 61)
    EXPECT_FALSE(elf_functions(std::string_view(kernel->object).substr(0, size))) << size;
}

}  // namespace
}  // namespace tenfold::codegen
