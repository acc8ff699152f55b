// A library of one operator: used from C without a runtime, with weights of the program's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/file.h"
#include "dsl/op.h"
#include "tests/codegen/example_plans.h"
#include "tests/codegen/library_runner.h"

namespace tenfold::codegen {
namespace {

using namespace testing_support;

// Reads input and weights as raw floats, packs, runs without a context, writes the output.
constexpr const char* program = R"(
#include <stdio.h>
#include <stdlib.h>
#include "conv.h"

static float* read_floats(const char* path, int64_t bytes) {
  float* values = aligned_alloc(CONV_ALIGNMENT, (size_t)(bytes + 63) / 64 * 64);
  FILE* file = fopen(path, "rb");
  if (!file || fread(values, 1, (size_t)bytes, file) != (size_t)bytes) exit(3);
  fclose(file);
  return values;
}

static void* room(int64_t bytes) { return aligned_alloc(CONV_ALIGNMENT, (size_t)(bytes + 63) / 64 * 64); }

int main(int count, char** paths) {
  (void)count;
  float* input = read_floats(paths[1], CONV_INPUT_BYTES);
  float* weights = read_floats(paths[2], 5 * 3 * 3 * 3 * 4);
  float* bias = read_floats(paths[3], 5 * 4);
  void* weights_packed = room(CONV_WEIGHTS_PACKED_BYTES);
  void* bias_packed = room(CONV_BIAS_PACKED_BYTES);
  float* output = room(CONV_OUTPUT_BYTES);
  if (conv_pack_weights(weights, weights_packed) != 0 || conv_pack_bias(bias, bias_packed) != 0) return 1;
  if (conv_run(NULL, input, weights_packed, bias_packed, output) != 0) return 2;
  FILE* file = fopen(paths[4], "wb");
  fwrite(output, 1, CONV_OUTPUT_BYTES, file);
  return fclose(file);
}
)";

std::string_view bytes_of(const Array& array) {
  return {reinterpret_cast<const char*>(array.bytes()), static_cast<size_t>(array.size_bytes())};
}

// The library in folder/conv, for every CPU target.
Task emit_conv(const TestFolder& folder) {
  const Task task =
      *dsl::parse_op_spec("conv2d n=2 h=7 w=5 c=3 k=5 r=3 s=3 stride=2 pad=1 bias relu");
  std::vector<VariantInput> variants;
  for (const char* target : {"x86_64-avx512", "x86_64-avx2"}) {
    auto variant = compiled(single_operator(task), *parse_target(target));
    EXPECT_TRUE(variant) << variant.error().message;
    variants.push_back(*std::move(variant));
  }
  const auto info =
      emit_library(variants, {.name = "conv", .folder = folder / "conv", .single_op = true});
  EXPECT_TRUE(info) << info.error().message;
  return task;
}

TEST(OperatorLibrary, RunsFromC99WithoutARuntime) {
  TestFolder folder;
  const Task task = emit_conv(folder);
  EXPECT_THAT(
      listing(folder / "conv"),
      testing::ElementsAre("cmake", "cmake/convConfig.cmake", "conv.h", "conv.pc", "libconv.a",
                           "libconv.so", "manifest.json", "tenfold", "tenfold/abi.h"));
  ASSERT_TRUE(write_file(folder / "main.c", program));
  const std::string warnings = "-Wall -Wextra -Werror -pedantic ";
  shell("cc -std=c99 -D_ISOC11_SOURCE " + warnings + "-I" + folder / "conv" + ' ' +
        folder / "main.c" + ' ' + folder / "conv/libconv.a" + " -o " + folder / "static");
  shell("cc -std=c99 -D_ISOC11_SOURCE " + warnings + "-I" + folder / "conv" + ' ' +
        folder / "main.c" + " -L" + folder / "conv" + " -lconv -Wl,-rpath," + folder / "conv" +
        " -o " + folder / "shared");

  Array input(DType::f32, task.inputs[0].dims), output(DType::f32, task.outputs[0].dims);
  fill_with_integers(input, 1);
  std::vector<Array> params;
  for (const dsl::Param& param : dsl::params(task)) {
    params.emplace_back(DType::f32, param.dims);
    fill_with_integers(params.back(), static_cast<uint32_t>(params.size()) + 1);
    ASSERT_TRUE(write_file(folder / param.name, bytes_of(params.back())));
  }
  ASSERT_TRUE(write_file(folder / "input", bytes_of(input)));
  const float* const inputs[] = {input.as<float>().data()};
  float* const outputs[] = {output.as<float>().data()};
  ASSERT_TRUE(dsl::run_reference(task, inputs, params, outputs));
  for (const char* kind : {"static", "shared"}) {
    shell(folder / kind + ' ' + folder / "input" + ' ' + folder / "weights" + ' ' +
          folder / "bias" + ' ' + folder / "output");
    EXPECT_TRUE(*read_file(folder / "output") == bytes_of(output)) << kind;
  }
}

TEST(OperatorLibrary, HeaderIsCleanInCpp) {
  TestFolder folder;
  emit_conv(folder);
  ASSERT_TRUE(write_file(folder / "main.cpp",
                         "#include \"conv.h\"\nint main() { return conv_query(0) != nullptr; }\n"));
  shell("c++ -std=c++17 -Wall -Wextra -Werror -pedantic -I" + folder / "conv" + ' ' +
        folder / "main.cpp" + ' ' + folder / "conv/libconv.a" + " -o " + folder / "main");
  shell(folder / "main");
}

TEST(OperatorLibrary, IsFoundByCMakeAndPkgConfig) {
  TestFolder folder;
  emit_conv(folder);
  ASSERT_TRUE(write_file(
      folder / "main.cpp",
      "#include \"conv.h\"\nint main() { return conv_query(TENFOLD_ABI_VERSION) == nullptr; }\n"));
  ASSERT_TRUE(
      write_file(folder / "CMakeLists.txt",
                 "cmake_minimum_required(VERSION 3.18)\nproject(user LANGUAGES "
                 "CXX)\nfind_package(conv REQUIRED)\n"
                 "foreach(kind conv conv_shared)\n  add_executable(user_${kind} main.cpp)\n"
                 "  target_link_libraries(user_${kind} PRIVATE conv::${kind})\nendforeach()\n"));
  shell("cmake -S " + folder.path() + " -B " + folder / "build" +
        " -DCMAKE_PREFIX_PATH=" + folder / "conv" + " && cmake --build " + folder / "build");
  shell(folder / "build/user_conv" + " && " + folder / "build/user_conv_shared");
  shell("c++ " + folder / "main.cpp" + " $(PKG_CONFIG_PATH=" + folder / "conv" +
        " pkg-config --cflags --libs conv) -Wl,-rpath," + folder / "conv" + " -o " +
        folder / "main" + " && " + folder / "main");
}

TEST(OperatorLibrary, RefusesWhatIsNotOneStep) {
  TestFolder folder;
  auto variant = compiled(small_network(), *parse_target("host"));
  ASSERT_TRUE(variant);
  std::vector<VariantInput> variants;
  variants.push_back(*std::move(variant));
  const auto info =
      emit_library(variants, {.name = "net", .folder = folder / "net", .single_op = true});
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(listing(folder.path()), testing::IsEmpty());
}

}  // namespace
}  // namespace tenfold::codegen
