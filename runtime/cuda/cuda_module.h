// CUDA's modules: which image of a library's module a device takes, and the functions of the loaded
// ones.
#pragma once
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/cuda/driver.h"

namespace tenfold::runtime::cuda {

/// What cuModuleLoadDataEx gets: a cubin, or PTX that the driver compiles.
struct Image {
  const void* data = nullptr;
  bool is_ptx = false;
};

/// From PTX text or a tenfold_cuda_module: the cubin made for `capability` (80 for 8.0), else the
/// newest one before it of the same major version, else PTX. Errors: CORRUPT when the blob's parts
/// lie outside of it, UNAVAILABLE when nothing fits.
Failure choose_image(const char* source, size_t size_bytes, uint32_t capability, Image& image);

struct Function {
  CUfunction function = nullptr;
  int shared_bytes = 48 << 10;  // that a launch may ask for
};

/// The functions of one device. A module is loaded when a kernel of it is first launched, because
/// only then the threads of a block are known, which bound the registers that the driver's compiler
/// may use. Any thread may call.
class Functions {
 public:
  explicit Functions(uint32_t capability) : capability_(capability) {}
  ~Functions();
  /// Precondition of all: the device's context is current.
  Failure load(void** slot, const char* source, size_t size_bytes);
  Failure find(const tenfold_launch& launch, CUfunction& function);

 private:
  Failure make(const Image& image, const tenfold_launch& launch, Function& function);
  const uint32_t capability_;
  std::mutex mutex_;
  std::map<void*, Image> images_;
  std::map<std::pair<void*, const char*>, Function> functions_;
  std::vector<CUmodule> modules_;
};

}  // namespace tenfold::runtime::cuda
