// Networks on an OpenCL device (PoCL where there is no other): buffers of the host, buffers of the
// device, own queues.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <HalideRuntime.h>
#include <gtest/gtest.h>

#include <thread>

#include "device_toy.h"

namespace {

using toy::DeviceToy;
using toy::Values;

TEST(OpenCl, RunsOverBuffersOfTheHost) {
  DeviceToy toy("opencl");
  ASSERT_EQ(toy.status, TENFOLD_OK) << tenfold_last_error();
  EXPECT_STREQ(tenfold_network_target(toy.opened.network), "opencl");
  ASSERT_EQ(tenfold_context_create(toy.opened.network, nullptr, &toy.opened.context), TENFOLD_OK)
      << tenfold_last_error();
  Values in, out;
  ASSERT_EQ(tenfold_bind_input(toy.opened.context, 0, in.data(), sizeof in), TENFOLD_OK);
  ASSERT_EQ(tenfold_bind_output(toy.opened.context, 0, out.data(), sizeof out), TENFOLD_OK);
  for (int round = 0; round < 5; ++round) {
    in = toy::input(static_cast<float>(round));
    out.fill(-1);
    ASSERT_EQ(tenfold_run(toy.opened.context), TENFOLD_OK)
        << tenfold_context_error(toy.opened.context);
    ASSERT_EQ(out, toy::expected_of_device(in)) << round;
  }
}

TEST(OpenCl, ContextsShareTheWeightsAndRunAtOnce) {
  DeviceToy toy("opencl");
  ASSERT_EQ(toy.status, TENFOLD_OK) << tenfold_last_error();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      tenfold_context* context = nullptr;
      Values in = toy::input(static_cast<float>(t)), out = {};
      if (tenfold_context_create(toy.opened.network, nullptr, &context) != TENFOLD_OK ||
          tenfold_bind_input(context, 0, in.data(), sizeof in) != TENFOLD_OK ||
          tenfold_bind_output(context, 0, out.data(), sizeof out) != TENFOLD_OK)
        ++wrong;
      for (int round = 0; round < 10; ++round)
        if (tenfold_run(context) != TENFOLD_OK || out != toy::expected_of_device(in)) ++wrong;
      tenfold_context_free(context);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(OpenCl, TakesTheCallersQueueAndMemory) {
  cl_platform_id platform = nullptr;
  cl_device_id device = nullptr;
  ASSERT_EQ(clGetPlatformIDs(1, &platform, nullptr), CL_SUCCESS);
  ASSERT_EQ(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, nullptr), CL_SUCCESS);
  cl_int code = 0;
  cl_context native = clCreateContext(nullptr, 1, &device, nullptr, nullptr, &code);
  cl_command_queue queue = clCreateCommandQueue(native, device, 0, &code);
  ASSERT_EQ(code, CL_SUCCESS);
  Values in = toy::input(4), out = {};
  cl_mem device_in = clCreateBuffer(native, CL_MEM_COPY_HOST_PTR, sizeof in, in.data(), &code);
  cl_mem device_out = clCreateBuffer(native, CL_MEM_READ_WRITE, sizeof out, nullptr, &code);
  ASSERT_EQ(code, CL_SUCCESS);
  {
    DeviceToy toy("opencl");
    ASSERT_EQ(toy.status, TENFOLD_OK) << tenfold_last_error();
    const tenfold_context_options options = {.stream = queue};
    tenfold_context*& context = toy.opened.context;
    ASSERT_EQ(tenfold_context_create(toy.opened.network, &options, &context), TENFOLD_OK)
        << tenfold_last_error();
    const auto handle = [](cl_mem memory) { return reinterpret_cast<uint64_t>(memory); };
    ASSERT_EQ(tenfold_bind_device_input(context, 0, handle(device_in), sizeof in), TENFOLD_OK);
    ASSERT_EQ(tenfold_bind_device_output(context, 0, handle(device_out), sizeof out), TENFOLD_OK);
    ASSERT_EQ(tenfold_run(context), TENFOLD_OK) << tenfold_context_error(context);
    ASSERT_EQ(clEnqueueReadBuffer(queue, device_out, CL_TRUE, 0, sizeof out, out.data(), 0, nullptr,
                                  nullptr),
              CL_SUCCESS);
    EXPECT_EQ(out, toy::expected_of_device(in));

    Values again = {};  // and back to the host
    ASSERT_EQ(tenfold_bind_output(context, 0, again.data(), sizeof again), TENFOLD_OK);
    ASSERT_EQ(tenfold_run(context), TENFOLD_OK) << tenfold_context_error(context);
    EXPECT_EQ(again, toy::expected_of_device(in));
  }
  clReleaseMemObject(device_in);
  clReleaseMemObject(device_out);
  clReleaseCommandQueue(queue);
  clReleaseContext(native);
}

TEST(OpenCl, StepsAreTimedOneByOne) {
  DeviceToy toy("opencl");
  ASSERT_EQ(toy.status, TENFOLD_OK) << tenfold_last_error();
  ASSERT_EQ(tenfold_context_create(toy.opened.network, nullptr, &toy.opened.context), TENFOLD_OK);
  Values in = toy::input(1), out = {};
  ASSERT_EQ(tenfold_bind_input(toy.opened.context, 0, in.data(), sizeof in), TENFOLD_OK);
  ASSERT_EQ(tenfold_bind_output(toy.opened.context, 0, out.data(), sizeof out), TENFOLD_OK);
  int steps = 0;
  const auto after = [](void* user, uint32_t, const tenfold_step*, int64_t) {
    ++*static_cast<int*>(user);
  };
  ASSERT_EQ(tenfold_run_steps(toy.opened.context, after, &steps), TENFOLD_OK);
  EXPECT_EQ(steps, 2);
  EXPECT_EQ(out, toy::expected_of_device(in));
}

TEST(OpenCl, ServesSingleOperators) {
  const tenfold_context_options options = {.device_kind = 1};
  tenfold_context* context = nullptr;
  ASSERT_EQ(tenfold_op_context_create(&options, &context), TENFOLD_OK) << tenfold_last_error();
  tenfold_user_context* user = tenfold_user_context_of(context);
  Values values = toy::input(1);
  halide_dimension_t dim(0, toy::count, 1);
  halide_buffer_t buffer = {};
  buffer.host = reinterpret_cast<uint8_t*>(values.data());
  buffer.type = halide_type_t(halide_type_float, 32);
  buffer.dimensions = 1;
  buffer.dim = &dim;
  buffer.set_host_dirty();
  ASSERT_EQ(user->ops->copy_to_device(user, &buffer), 0);
  EXPECT_NE(buffer.device, 0u);
  EXPECT_FALSE(buffer.host_dirty());
  values.fill(0);
  ASSERT_EQ(user->ops->copy_to_host(user, &buffer), 0);  // not dirty: nothing to fetch
  EXPECT_EQ(values[5], 0);
  buffer.set_device_dirty();
  ASSERT_EQ(user->ops->copy_to_host(user, &buffer), 0);
  EXPECT_EQ(values, toy::input(1));
  ASSERT_EQ(user->ops->device_release(user, &buffer), 0);
  EXPECT_EQ(buffer.device, 0u);
  tenfold_context_free(context);

  const tenfold_context_options unknown = {.device_kind = 7};
  EXPECT_EQ(tenfold_op_context_create(&unknown, &context), TENFOLD_VERSION);
}

TEST(OpenCl, ADeviceThatIsNotThereIsRefused) {
  DeviceToy toy("opencl");
  ASSERT_EQ(toy.status, TENFOLD_OK) << tenfold_last_error();
  const tenfold_context_options options = {.device = 99};
  EXPECT_EQ(tenfold_context_create(toy.opened.network, &options, &toy.opened.context),
            TENFOLD_UNAVAILABLE);
  EXPECT_NE(std::string(tenfold_last_error()).find("no device 99"), std::string::npos)
      << tenfold_last_error();
}

}  // namespace
