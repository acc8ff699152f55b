// libcuda.so.1 for tests: records calls, checks that a context is current where the real driver
// wants one.
#include "fake_cuda.h"

#include <cstdlib>
#include <cstring>

namespace {

FakeCuda state;

int call(const char* name, bool needs_context = true) {
  if (state.failing == name) {
    state.failing.clear();
    return 2;
  }
  return needs_context && state.pushed == 0 ? 201 : 0;
}
void note(const std::string& line) {
  state.log += line + "\n";
}

struct Function {
  std::string name;
  bool big_shared = false;
};
struct Module {
  std::string image;
  Function functions[2] = {{"scale_it"}, {"add_it"}};
};

}  // namespace

#define CALL(...)                                                                  \
  do {                                                                             \
    if (const int code_ = call(__func__ __VA_OPT__(, ) __VA_ARGS__)) return code_; \
  } while (false)

extern "C" {

FakeCuda& fake_cuda() {
  return state;
}

int cuInit(unsigned) {
  return 0;
}
int cuGetErrorName(int error, const char** name) {
  *name = error == 2     ? "CUDA_ERROR_OUT_OF_MEMORY"
          : error == 201 ? "CUDA_ERROR_INVALID_CONTEXT"
                         : "CUDA_ERROR_OTHER";
  return 0;
}
int cuDeviceGetCount(int* count) {
  return *count = 1, 0;
}
int cuDeviceGet(int* device, int ordinal) {
  return *device = ordinal, 0;
}
int cuDeviceGetAttribute(int* value, int attribute, int) {
  *value = attribute == 75 ? state.capability / 10 : state.capability % 10;
  return 0;
}
int cuDevicePrimaryCtxRetain(void** context, int) {
  CALL(false);
  ++state.live;
  *context = &state;
  return 0;
}
int cuDevicePrimaryCtxRelease_v2(int) {
  return --state.live, 0;
}
int cuCtxPushCurrent_v2(void*) {
  return ++state.pushed, 0;
}
int cuCtxPopCurrent_v2(void**) {
  return --state.pushed, 0;
}
int cuCtxGetDevice(int* device) {
  return *device = 0, call(__func__);
}
int cuMemAlloc_v2(unsigned long long* memory, size_t size) {
  CALL();
  ++state.live;
  *memory = reinterpret_cast<unsigned long long>(std::aligned_alloc(256, (size + 255) / 256 * 256));
  std::memset(reinterpret_cast<void*>(*memory), 0xcd, size);
  return 0;
}
int cuMemFree_v2(unsigned long long memory) {
  CALL();
  --state.live;
  std::free(reinterpret_cast<void*>(memory));
  return 0;
}
int cuMemcpyHtoDAsync_v2(unsigned long long to, const void* from, size_t size, void*) {
  CALL();
  note("upload " + std::to_string(size));
  std::memcpy(reinterpret_cast<void*>(to), from, size);
  return 0;
}
int cuMemcpyDtoHAsync_v2(void* to, unsigned long long from, size_t size, void*) {
  CALL();
  note("download " + std::to_string(size));
  std::memcpy(to, reinterpret_cast<void*>(from), size);
  return 0;
}
int cuMemsetD2D8Async(unsigned long long to, size_t pitch, unsigned char value, size_t width,
                      size_t height, void*) {
  CALL();
  for (size_t row = 0; row < height; ++row)
    std::memset(reinterpret_cast<char*>(to) + row * pitch, value, width);
  return 0;
}
int cuStreamCreate(void** stream, unsigned flags) {
  CALL();
  ++state.live;
  note("stream " + std::to_string(flags));
  *stream = new int;
  return 0;
}
int cuStreamDestroy_v2(void* stream) {
  CALL();
  --state.live;
  delete static_cast<int*>(stream);
  return 0;
}
int cuStreamSynchronize(void*) {
  return call(__func__);
}
int cuStreamGetCtx(void*, void** context) {
  return *context = &state, 0;
}
int cuModuleLoadDataEx(void** module, const void* image, unsigned count, int* options,
                       void** values) {
  CALL();
  std::string text = static_cast<const char*>(image);
  for (unsigned i = 0; i < count; ++i)
    if (options[i] == 1) text += ", threads " + std::to_string(reinterpret_cast<size_t>(values[i]));
  note("module " + text);
  ++state.live;
  *module = new Module{text};
  return 0;
}
int cuModuleUnload(void* module) {
  CALL();
  --state.live;
  delete static_cast<Module*>(module);
  return 0;
}
int cuModuleGetFunction(void** function, void* module, const char* name) {
  CALL();
  for (Function& row : static_cast<Module*>(module)->functions)
    if (row.name == name) return *function = &row, 0;
  return 500;
}
int cuFuncSetAttribute(void* function, int attribute, int value) {
  CALL();
  note("shared " + std::to_string(attribute) + " " + std::to_string(value));
  static_cast<Function*>(function)->big_shared = true;
  return 0;
}
int cuLaunchKernel(void* function, unsigned bx, unsigned by, unsigned bz, unsigned tx, unsigned ty,
                   unsigned tz, unsigned shared, void*, void** arguments, void**) {
  CALL();
  const auto& f = *static_cast<Function*>(function);
  if (shared > 48 << 10 && !f.big_shared) return 1;
  note("launch " + f.name + " " + std::to_string(bx * by * bz) + "x" +
       std::to_string(tx * ty * tz));
  const auto floats = [&](int i) { return *static_cast<float**>(arguments[i]); };
  const int n = static_cast<int>(bx * tx);
  if (f.name == "scale_it") {
    const float factor = *static_cast<float*>(arguments[2]);
    const int count = *static_cast<int*>(arguments[3]);
    for (int i = 0; i < n; ++i) floats(1)[i] = i < count ? floats(0)[i] * factor : 99.0f;
  } else {
    const int count = *static_cast<int*>(arguments[4]);
    for (int i = 0; i < n; ++i) floats(3)[i] = floats(0)[i] + floats(1)[i];
    for (int i = 0; i < n; ++i) floats(2)[i] = floats(3)[i] + floats(0)[count + i % 64];
  }
  return 0;
}
}
