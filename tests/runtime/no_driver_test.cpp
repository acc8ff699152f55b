// A machine without a driver gets a plain line when a network is opened. The driver is hidden by a
// mount of nothing: a child process asks the loader for libraries in an empty folder only.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include "device_toy.h"

namespace {

TEST(NoDriver, IsSaidAtOpen) {
  if (void* cuda = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL)) {
    dlclose(cuda);
    const toy::DeviceToy toy("cuda-sm80");
    EXPECT_NE(toy.status, TENFOLD_FAILED) << tenfold_last_error();
    return;
  }
  const toy::DeviceToy toy("cuda-sm80");
  EXPECT_EQ(toy.status, TENFOLD_UNAVAILABLE);
  const std::string text = tenfold_last_error();
  EXPECT_NE(text.find("device_toy does not run here: cuda-sm80: CUDA: no driver"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

}  // namespace
