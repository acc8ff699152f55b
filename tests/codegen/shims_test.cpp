// The shims inside a library: what a kernel asks of its runtime reaches the context's operations,
// or the plain ones where there is no context. The kernels here are pipelines made by hand, put in
// the place of an operator's own.
#include <HalideRuntime.h>
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "codegen/compile_halide.h"
#include "dsl/op.h"
#include "schedules/space.h"
#include "tenfold/abi.h"
#include "tests/codegen/example_plans.h"

namespace tenfold::codegen {
namespace {

using namespace testing_support;

constexpr int rows = 6, columns = 5000;  // a row is larger than what Halide keeps on the stack

// out(x, y) = 2 in(x, y) + in(columns - 1 - x, y), a row at a time through heap scratch, rows in
// parallel.
schedules::Scheduled host_pipeline() {
  Halide::Var x("x"), y("y");
  Halide::ImageParam in(Halide::Float(32), 2, "in");
  Halide::Func row("row"), out("out");
  row(x, y) = in(x, y) * 2;
  out(x, y) = row(x, y) + row(columns - 1 - x, y) / 2;
  out.bound(x, 0, columns).bound(y, 0, rows).parallel(y);
  row.compute_at(out, y);
  return {Halide::Pipeline(out), {in}};
}

// out(x, y) = 2 in(x, y) on a device.
schedules::Scheduled device_pipeline() {
  Halide::Var x("x"), y("y"), xi("xi"), yi("yi");
  Halide::ImageParam in(Halide::Float(32), 2, "in");
  Halide::Func out("out");
  out(x, y) = in(x, y) * 2;
  out.bound(x, 0, columns).bound(y, 0, rows).gpu_tile(x, y, xi, yi, 50, 2);
  return {Halide::Pipeline(out), {in}};
}

// A context that counts, and plays a device whose memory is the host's.
struct Context {
  tenfold_user_context base;
  int allocations = 0, releases = 0, loops = 0, syncs = 0;
  bool out_of_memory = false, failing_loop = false;
  std::vector<std::string> errors;
  std::map<uint64_t, std::vector<float>> device;
  std::string source;
  std::vector<std::string> launches;

  static Context& of(void* context) { return *static_cast<Context*>(context); }
};

void* allocate(void* context, size_t size) {
  if (Context::of(context).out_of_memory) return nullptr;
  ++Context::of(context).allocations;
  return std::aligned_alloc(64, (size + 127) / 64 * 64);
}

void release(void* context, void* memory) {
  ++Context::of(context).releases;
  std::free(memory);
}

int parallel_for(void* context, int (*body)(void*, int, uint8_t*), int min, int extent,
                 uint8_t* closure) {
  ++Context::of(context).loops;
  if (Context::of(context).failing_loop) return -7;
  for (int i = min; i < min + extent; ++i)
    if (const int result = body(context, i, closure)) return result;
  return 0;
}

void error(void* context, const char* message) {
  Context::of(context).errors.push_back(message);
}

uint64_t bytes_of(const halide_buffer_t& buffer) {
  return static_cast<uint64_t>(buffer.dim[0].extent) * buffer.dim[1].extent * 4;
}

int device_allocate(void* context, halide_buffer_t* buffer) {
  EXPECT_NE(buffer->device_interface, nullptr);
  auto& device = Context::of(context).device;
  buffer->device = device.size() + 1;
  device[buffer->device].resize(bytes_of(*buffer) / 4);
  return 0;
}

int device_release(void* context, halide_buffer_t* buffer) {
  EXPECT_EQ(Context::of(context).device.erase(buffer->device), 1u);
  return 0;
}

int copy_to_device(void* context, halide_buffer_t* buffer) {
  if (!(buffer->flags & halide_buffer_flag_host_dirty)) return 0;
  std::memcpy(Context::of(context).device.at(buffer->device).data(), buffer->host,
              bytes_of(*buffer));
  buffer->flags &= ~uint64_t{halide_buffer_flag_host_dirty};
  return 0;
}

int copy_to_host(void* context, halide_buffer_t* buffer) {
  if (!(buffer->flags & halide_buffer_flag_device_dirty)) return 0;
  std::memcpy(buffer->host, Context::of(context).device.at(buffer->device).data(),
              bytes_of(*buffer));
  buffer->flags &= ~uint64_t{halide_buffer_flag_device_dirty};
  return 0;
}

int device_sync(void* context) {
  return ++Context::of(context).syncs, 0;
}

int device_module(void* context, void** state, const char* source, int size) {
  Context::of(context).source.assign(source, size);
  *state = state;
  return 0;
}

// Does what device_pipeline's kernel does, on whole buffers: the blocks' bounds cover them.
int device_launch(void* context, const tenfold_launch* launch) {
  Context& self = Context::of(context);
  self.launches.push_back(launch->entry);
  EXPECT_EQ(launch->blocks[0] * launch->threads[0], columns);
  EXPECT_EQ(launch->blocks[1] * launch->threads[1], rows);
  EXPECT_NE(launch->module, nullptr);
  std::vector<halide_buffer_t*> buffers;
  int count = 0;
  for (; launch->arg_sizes[count] != 0; ++count)
    if (launch->arg_is_buffer[count])
      buffers.push_back(static_cast<halide_buffer_t*>(launch->args[count]));
  EXPECT_EQ(launch->args[count], nullptr);
  EXPECT_EQ(buffers.size(), 2u);
  const bool first_is_input = self.device.at(buffers[0]->device)[1] != 0;
  const auto& from = self.device.at(buffers[first_is_input ? 0 : 1]->device);
  auto& to = self.device.at(buffers[first_is_input ? 1 : 0]->device);
  for (size_t i = 0; i < to.size(); ++i) to[i] = 2 * from[i];
  return 0;
}

const tenfold_ops host_operations{.allocate = allocate,
                                  .release = release,
                                  .parallel_for = parallel_for,
                                  .error = error,
                                  .print = error};

tenfold_ops device_operations() {
  tenfold_ops ops = host_operations;
  ops.device_allocate = device_allocate;
  ops.device_release = device_release;
  ops.copy_to_device = copy_to_device;
  ops.copy_to_host = copy_to_host;
  ops.device_sync = device_sync;
  ops.device_module = device_module;
  ops.device_launch = device_launch;
  return ops;
}

/// A library of one operator whose kernel is `scheduled`, opened.
class Opened {
 public:
  Opened(schedules::Scheduled (*pipeline)(), const char* target_name, bool asserts)
      : input(DType::f32, {rows, columns}), output(DType::f32, {rows, columns}) {
    const Task task{.op = "map",
                    .inputs = {dense_view(DType::f32, {rows, columns})},
                    .outputs = {dense_view(DType::f32, {rows, columns})}};
    const Target target = *parse_target(target_name);
    auto kernel = catch_halide(
        [&] { return compile_pipeline(pipeline(), "tk_by_hand", target, asserts, ""); });
    if (!kernel) {
      ADD_FAILURE() << kernel.error().message;
      return;
    }
    std::vector<VariantInput> variants(1);
    variants[0] = {.target = target,
                   .plan = single_operator(task),
                   .configs = {schedules::initial_config(task, *parse_target("x86_64-avx2"))}};
    variants[0].kernels.push_back(*std::move(kernel));
    const auto info =
        emit_library(variants, {.name = "op", .folder = folder_ / "op", .single_op = true});
    if (!info) {
      ADD_FAILURE() << info.error().message;
      return;
    }
    handle_ = dlopen((folder_ / "op/libop.so").c_str(), RTLD_NOW | RTLD_LOCAL);
    library = reinterpret_cast<tenfold_query_fn>(dlsym(handle_, "op_query"))(TENFOLD_ABI_VERSION);
    fill_with_integers(input, 3);
    input.as<float>()[1] = 1;
  }
  ~Opened() {
    if (handle_) dlclose(handle_);
  }

  int run(Context* context) {
    void* const buffers[] = {input.bytes(), output.bytes()};
    return library->run(context ? &context->base : nullptr, buffers, 2);
  }

  void expect_host_result() {
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < columns; ++x) {
        const auto in = input.as<float>().subspan(y * columns, columns);
        ASSERT_EQ(output.as<float>()[y * columns + x], 2 * in[x] + in[columns - 1 - x]);
      }
  }

  Array input, output;
  const tenfold_library* library = nullptr;

 private:
  TestFolder folder_;
  void* handle_ = nullptr;
};

TEST(Shims, WithoutAContextLoopsAreSerialAndMemoryPlain) {
  Opened op(host_pipeline, "x86_64-avx2", false);
  EXPECT_EQ(op.run(nullptr), 0);
  op.expect_host_result();
}

TEST(Shims, MemoryAndLoopsAreTheContexts) {
  Opened op(host_pipeline, "x86_64-avx2", false);
  Context context{.base = {&host_operations}};
  EXPECT_EQ(op.run(&context), 0);
  op.expect_host_result();
  EXPECT_EQ(context.loops, 1);
  EXPECT_EQ(context.allocations, rows);
  EXPECT_EQ(context.releases, rows);
  EXPECT_GE(op.library->variants[0].scratch_bytes, columns * 4);
}

TEST(Shims, FailuresReachTheContextWhenChecksAreIn) {
  Opened op(host_pipeline, "x86_64-avx2", true);
  Context context{.base = {&host_operations}};
  context.out_of_memory = true;
  EXPECT_EQ(op.run(&context), halide_error_code_out_of_memory);
  EXPECT_THAT(context.errors, testing::ElementsAre("out of memory for a kernel's scratch"));

  context = Context{.base = {&host_operations}};
  context.failing_loop = true;
  EXPECT_EQ(op.run(&context), -7);

  // A buffer of other strides than the kernel was made for.
  halide_dimension_t dims[2] = {{0, columns, 1}, {0, rows, columns - 1}};
  halide_buffer_t buffer{};
  buffer.host = reinterpret_cast<uint8_t*>(op.input.bytes());
  buffer.type = halide_type_t(halide_type_float, 32, 1);
  buffer.dimensions = 1;
  buffer.dim = dims;
  context = Context{.base = {&host_operations}};
  void* user_context = &context;
  void* arguments[] = {&user_context, &buffer, &buffer};
  EXPECT_EQ(op.library->variants[0].steps[0].kernel(arguments), halide_error_code_bad_dimensions);
  ASSERT_EQ(context.errors.size(), 1u);
  EXPECT_THAT(context.errors[0], testing::HasSubstr("has 1 dimensions, not 2"));
  user_context = nullptr;
  EXPECT_EQ(op.library->variants[0].steps[0].kernel(arguments), halide_error_code_bad_dimensions);
}

TEST(Shims, DeviceCallsAreTheContexts) {
  for (const char* target : {"opencl", "cuda-sm80"}) {
    Opened op(device_pipeline, target, false);
    const tenfold_ops operations = device_operations();
    Context context{.base = {&operations}};
    for (int time = 0; time < 2; ++time) {
      ASSERT_EQ(op.run(&context), 0);
      for (int i = 0; i < rows * columns; ++i)
        ASSERT_EQ(op.output.as<float>()[i], 2 * op.input.as<float>()[i]);
    }
    EXPECT_EQ(context.launches.size(), 2u);
    EXPECT_TRUE(context.device.empty()) << "device memory stayed";
    EXPECT_THAT(context.errors, testing::IsEmpty());
    if (target == std::string("opencl"))
      EXPECT_THAT(context.source, testing::HasSubstr("__kernel"));
    else
      EXPECT_STREQ(context.source.c_str(), TENFOLD_CUDA_MAGIC);
  }
}

TEST(Shims, ADeviceKernelWithoutADeviceFailsPlainly) {
  Opened op(device_pipeline, "opencl", true);
  Context context{.base = {&host_operations}};
  EXPECT_NE(op.run(&context), 0);
  EXPECT_THAT(context.errors,
              testing::Contains("this kernel is for a device, and the context has none"));
  EXPECT_NE(op.run(nullptr), 0);
}

}  // namespace
}  // namespace tenfold::codegen
