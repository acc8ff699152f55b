// The CUDA part against a driver that is not one: what is called, in which order, and that all is
// given back.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstring>

#include "../device_toy.h"
#include "fake_cuda.h"
#include "runtime/cuda/cuda_module.h"

namespace {

using toy::DeviceToy;
using toy::Values;

class Cuda : public testing::Test {
 protected:
  void SetUp() override {
    // The runtime's own dlopen then finds this one by its soname.
    void* library = dlopen(FAKE_CUDA, RTLD_NOW | RTLD_GLOBAL);
    ASSERT_NE(library, nullptr) << dlerror();
    fake_ = &reinterpret_cast<FakeCuda& (*)()>(dlsym(library, "fake_cuda"))();
    *fake_ = {};
  }
  void TearDown() override {
    EXPECT_EQ(fake_->live, 0);
    EXPECT_EQ(fake_->pushed, 0);
  }
  FakeCuda* fake_ = nullptr;
};

TEST_F(Cuda, RunsInOrderAndGivesAllBack) {
  DeviceToy toy("cuda-sm80");
  ASSERT_EQ(toy.status, TENFOLD_OK) << tenfold_last_error();
  ASSERT_EQ(tenfold_context_create(toy.opened.network, nullptr, &toy.opened.context), TENFOLD_OK)
      << tenfold_last_error();
  Values in = toy::input(2), out = {};
  ASSERT_EQ(tenfold_bind_input(toy.opened.context, 0, in.data(), sizeof in), TENFOLD_OK);
  ASSERT_EQ(tenfold_bind_output(toy.opened.context, 0, out.data(), sizeof out), TENFOLD_OK);
  ASSERT_EQ(tenfold_run(toy.opened.context), TENFOLD_OK)
      << tenfold_context_error(toy.opened.context);
  EXPECT_EQ(out, toy::expected_of_device(in));
  EXPECT_EQ(fake_->log,
            "stream 1\nupload 4096\nstream 1\n"  // the weights, then the context's own
            "upload 4096\nmodule cubin 90!!\nlaunch scale_it 17x64\n"
            "module cubin 90!!\nshared 8 65536\nlaunch add_it 16x64\ndownload 4096\n");
  fake_->log.clear();
  out.fill(0);
  ASSERT_EQ(tenfold_run(toy.opened.context), TENFOLD_OK);
  EXPECT_EQ(out, toy::expected_of_device(in));
  EXPECT_EQ(fake_->log, "upload 4096\nlaunch scale_it 17x64\nlaunch add_it 16x64\ndownload 4096\n");
}

TEST_F(Cuda, TakesTheCallersStreamAndMemory) {
  int stream = 0;
  Values in = toy::input(2), out = {};  // device memory is the host's in this driver
  {
    DeviceToy toy("cuda-sm80");
    ASSERT_EQ(toy.status, TENFOLD_OK) << tenfold_last_error();
    const tenfold_context_options options = {.stream = &stream};
    tenfold_context*& context = toy.opened.context;
    ASSERT_EQ(tenfold_context_create(toy.opened.network, &options, &context), TENFOLD_OK)
        << tenfold_last_error();
    ASSERT_EQ(
        tenfold_bind_device_input(context, 0, reinterpret_cast<uint64_t>(in.data()), sizeof in),
        TENFOLD_OK);
    ASSERT_EQ(
        tenfold_bind_device_output(context, 0, reinterpret_cast<uint64_t>(out.data()), sizeof out),
        TENFOLD_OK);
    fake_->log.clear();
    ASSERT_EQ(tenfold_run(context), TENFOLD_OK) << tenfold_context_error(context);
    EXPECT_EQ(out, toy::expected_of_device(in));
    EXPECT_EQ(fake_->log.find("load 4096"), std::string::npos) << fake_->log;
  }
}

TEST_F(Cuda, OldDevicesAreRefused) {
  fake_->capability = 75;
  const DeviceToy toy("cuda-sm80");
  EXPECT_EQ(toy.status, TENFOLD_UNAVAILABLE);
  EXPECT_NE(std::string(tenfold_last_error()).find("7.5, too old for cuda-sm80"), std::string::npos)
      << tenfold_last_error();
}

TEST_F(Cuda, FailuresOfTheDriverNameTheCall) {
  for (const char* function :
       {"cuMemAlloc_v2", "cuStreamCreate", "cuMemcpyHtoDAsync_v2", "cuDevicePrimaryCtxRetain"}) {
    DeviceToy toy("cuda-sm80");
    fake_->failing = function;
    EXPECT_EQ(tenfold_context_create(toy.opened.network, nullptr, &toy.opened.context),
              TENFOLD_OUT_OF_MEMORY)
        << function;
    EXPECT_NE(std::string(tenfold_last_error()).find("CUDA_ERROR_OUT_OF_MEMORY"), std::string::npos)
        << tenfold_last_error();
  }
  for (const char* function :
       {"cuLaunchKernel", "cuModuleLoadDataEx", "cuFuncSetAttribute", "cuMemcpyDtoHAsync_v2"}) {
    DeviceToy toy("cuda-sm80");
    tenfold_context*& context = toy.opened.context;
    ASSERT_EQ(tenfold_context_create(toy.opened.network, nullptr, &context), TENFOLD_OK);
    Values in = toy::input(2), out = {};
    ASSERT_EQ(tenfold_bind_input(context, 0, in.data(), sizeof in), TENFOLD_OK);
    ASSERT_EQ(tenfold_bind_output(context, 0, out.data(), sizeof out), TENFOLD_OK);
    fake_->failing = function;
    EXPECT_EQ(tenfold_run(context), TENFOLD_OUT_OF_MEMORY) << function;
    EXPECT_NE(std::string(tenfold_context_error(context)).find("CUDA_ERROR_OUT_OF_MEMORY"),
              std::string::npos)
        << tenfold_context_error(context);
    ASSERT_EQ(tenfold_run(context), TENFOLD_OK) << tenfold_context_error(context);
    EXPECT_EQ(out, toy::expected_of_device(in));
  }
}

TEST(CudaImage, TheNewestCubinThatRunsElsePtx) {
  using tenfold::runtime::cuda::choose_image;
  using tenfold::runtime::cuda::Image;
  struct {
    tenfold_cuda_module header = {TENFOLD_CUDA_MAGIC, 3, 0};
    tenfold_cuda_image rows[3];
    char bytes[16] = "";
  } blob;
  const uint64_t start = sizeof blob.header + sizeof blob.rows;
  blob.rows[0] = {80, 0, start, 4};
  blob.rows[1] = {86, 0, start + 4, 4};
  blob.rows[2] = {0, 0, start + 8, 4};
  const char* source = reinterpret_cast<const char*>(&blob);
  const struct {
    uint32_t capability;
    ptrdiff_t at;
  } cases[] = {{80, 0}, {85, 0}, {86, 4}, {89, 4}, {90, 8}, {75, 8}};
  for (const auto& c : cases) {
    Image image;
    ASSERT_FALSE(choose_image(source, sizeof blob, c.capability, image));
    EXPECT_EQ(static_cast<const char*>(image.data), blob.bytes + c.at) << c.capability;
    EXPECT_EQ(image.is_ptx, c.at == 8);
  }
  Image image;
  blob.rows[2].capability = 120;
  EXPECT_EQ(choose_image(source, sizeof blob, 90, image).status, TENFOLD_UNAVAILABLE);
  blob.rows[2].offset_bytes = sizeof blob;
  EXPECT_EQ(choose_image(source, sizeof blob, 80, image).status, TENFOLD_CORRUPT);
  blob.header.image_count = 1000;
  EXPECT_EQ(choose_image(source, sizeof blob, 80, image).status, TENFOLD_CORRUPT);
  const char ptx[] = ".version 7.0 // and so on, as plain text";
  ASSERT_FALSE(choose_image(ptx, sizeof ptx, 90, image));
  EXPECT_TRUE(image.is_ptx);
}

}  // namespace
