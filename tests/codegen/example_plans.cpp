#include "tests/codegen/example_plans.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "dsl/op.h"
#include "schedules/space.h"

namespace tenfold::codegen::testing_support {
namespace {

constexpr int64_t batch = 2, height = 9, width = 11, inputs = 3, channels = 8;

// NHWC with a halo of one pixel on every side.
View framed_view() {
  const int64_t row = (width + 2) * channels;
  return {.type = DType::f32,
          .dims = {batch, height, width, channels},
          .strides = {(height + 2) * row, row, channels, 1},
          .offset = row + channels,
          .halo = {1, 1, 1, 1}};
}

Attrs window_3x3() {
  return {{"kernel_h", 3}, {"kernel_w", 3},   {"pad_top", 1},
          {"pad_left", 1}, {"pad_bottom", 1}, {"pad_right", 1}};
}

std::shared_ptr<const Array> integers(Dims dims, uint32_t seed) {
  auto array = std::make_shared<Array>(DType::f32, std::move(dims));
  fill_with_integers(*array, seed);
  return array;
}

int64_t bytes_of(const View& view) {
  return *volume(view.dims) * size_bytes(view.type);
}

}  // namespace

void fill_with_integers(Array& array, uint32_t seed) {
  std::mt19937 random(seed);
  for (float& value : array.as<float>())
    value = static_cast<float>(static_cast<int>(random() % 7) - 3);
}

graph::Plan small_network() {
  const View picture = nchw_view(DType::f32, batch, height, width, inputs);
  const View framed = framed_view();
  const View dense = dense_view(DType::f32, {batch, height, width, channels});
  const View result = nchw_view(DType::f32, batch, height, width, channels);

  graph::Plan plan{.name = "small"};
  const int64_t framed_bytes = batch * framed.strides[0] * 4;
  const int64_t dense_begin = (framed_bytes + 255) / 256 * 256;
  plan.roots = {
      {.name = "picture", .home = graph::Home::input, .port = 0, .size_bytes = bytes_of(picture)},
      {.name = "framed", .size_bytes = framed_bytes, .offset_bytes = 0},
      {.name = "dense", .size_bytes = bytes_of(dense), .offset_bytes = dense_begin},
      {.name = "result", .home = graph::Home::output, .port = 0, .size_bytes = bytes_of(result)}};
  plan.inputs = {{"picture \"x\"", DType::f32, {batch, inputs, height, width}, 0}};
  plan.outputs = {{"result", DType::f32, {batch, channels, height, width}, 3}};
  plan.arena_bytes = dense_begin + bytes_of(dense);

  const auto bias = integers({channels}, 3);
  const auto same_bias = integers({channels}, 3);
  plan.steps.push_back({.name = "first",
                        .task = {.op = "conv2d",
                                 .attrs = window_3x3(),
                                 .inputs = {picture},
                                 .outputs = {framed},
                                 .epilogue = {{.kind = "bias"}, {.kind = "relu"}}},
                        .inputs = {{0, 0}},
                        .outputs = {{1, 0}},
                        .params = {integers({channels, inputs, 3, 3}, 1), bias}});
  plan.steps.push_back({.name = "second",
                        .task = {.op = "conv2d",
                                 .attrs = window_3x3(),
                                 .inputs = {framed, framed},
                                 .outputs = {dense},
                                 .epilogue = {{.kind = "bias"}, {.kind = "add", .input = 1}}},
                        .inputs = {{1, 0}, {1, 0}},
                        .outputs = {{2, 0}},
                        .params = {integers({channels, channels, 3, 3}, 2), same_bias}});
  plan.steps.push_back({.name = "halve",
                        .task = {.op = "map",
                                 .inputs = {dense},
                                 .outputs = {result},
                                 .epilogue = {{.kind = "affine", .values = {0.5, 1}}}},
                        .inputs = {{2, 0}},
                        .outputs = {{3, 0}}});
  // The frame around each picture: rows above and below, pixels left and right.
  const int64_t pixel = channels * 4, row = (width + 2) * pixel, image = (height + 2) * row;
  for (int64_t n = 0; n < batch; ++n) {
    plan.fills.push_back({.root = 1,
                          .offset_bytes = n * image,
                          .row_bytes = row,
                          .stride_bytes = (height + 1) * row,
                          .rows = 2});
    for (int64_t x : {int64_t{0}, width + 1})
      plan.fills.push_back({.root = 1,
                            .offset_bytes = n * image + x * pixel,
                            .row_bytes = pixel,
                            .stride_bytes = row,
                            .rows = height + 2});
  }
  return plan;
}

graph::Plan single_operator(const Task& task) {
  graph::Plan plan{.name = "operator"};
  graph::Step step{.name = task.op, .task = task};
  for (size_t i = 0; i < task.inputs.size(); ++i) {
    const int root = static_cast<int>(plan.roots.size());
    plan.roots.push_back({.name = "input",
                          .home = graph::Home::input,
                          .port = static_cast<int>(i),
                          .size_bytes = bytes_of(task.inputs[i])});
    plan.inputs.push_back(
        {i ? "input_" + std::to_string(i + 1) : "input", DType::f32, task.inputs[i].dims, root});
    step.inputs.push_back({root, 0});
  }
  const int root = static_cast<int>(plan.roots.size());
  plan.roots.push_back({.name = "output",
                        .home = graph::Home::output,
                        .port = 0,
                        .size_bytes = bytes_of(task.outputs[0])});
  plan.outputs.push_back({"output", DType::f32, task.outputs[0].dims, root});
  step.outputs.push_back({root, 0});
  plan.steps.push_back(std::move(step));
  return plan;
}

Result<VariantInput> compiled(const graph::Plan& plan, const Target& target) {
  VariantInput variant{.target = target, .plan = plan};
  for (const graph::Step& step : plan.steps) {
    variant.configs.push_back(schedules::initial_config(step.task, target));
    TENFOLD_TRY(Kernel kernel, compile_kernel({step.task, variant.configs.back(), target}));
    variant.kernels.push_back(std::move(kernel));
  }
  return variant;
}

TestFolder::TestFolder() : path_(::testing::TempDir() + "tenfold-codegen-XXXXXX") {
  if (!mkdtemp(path_.data())) ADD_FAILURE() << "no folder for the test";
}

TestFolder::~TestFolder() {
  std::filesystem::remove_all(path_);
}

std::vector<std::string> listing(const std::string& folder) {
  std::vector<std::string> names;
  if (!std::filesystem::exists(folder)) return names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    names.push_back(std::filesystem::relative(entry.path(), folder));
  std::sort(names.begin(), names.end());
  return names;
}

std::string shell(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string text;
  for (char buffer[4096]; const size_t count = fread(buffer, 1, sizeof buffer, pipe);)
    text.append(buffer, count);
  EXPECT_EQ(pclose(pipe), 0) << command << '\n' << text;
  return text;
}

}  // namespace tenfold::codegen::testing_support
