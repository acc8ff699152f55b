#include "bench/ops/kernel_loader.h"

#include <Halide.h>
#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>

#include "base/buffer_layout.h"
#include "codegen/target_halide.h"
#include "dsl/op.h"
#include "schedules/scheduled_halide.h"
#include "schedules/space.h"

namespace tenfold::bench {
namespace {

namespace fs = std::filesystem;

Error failed(const std::string& what) {
  return {ErrorCode::failed, what};
}

// A folder of this process's own, removed when it ends.
class WorkFolder {
 public:
  WorkFolder()
      : path_(fs::temp_directory_path() / ("tenfold-kernels-" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~WorkFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

const WorkFolder& work_folder() {
  static const WorkFolder folder;
  return folder;
}

std::string last_error;  // of a kernel's own checks; kernels run on one thread here

void record_error(void*, const char* message) {
  last_error = message;
}

IterationOrder iteration_order = IterationOrder::forward;

int run_in_order(void* context, int (*body)(void*, int, uint8_t*), int min, int size,
                 uint8_t* closure) {
  for (int i = 0; i < size; ++i) {
    const int at = iteration_order == IterationOrder::forward ? i : size - 1 - i;
    if (const int status = body(context, min + at, closure)) return status;
  }
  return 0;
}

Status link(const std::string& object, const std::string& library) {
  if (std::system(("ld -shared -o '" + library + "' '" + object + "'").c_str()) != 0)
    return failed("cannot link " + object);
  return {};
}

Result<void*> open_library(const std::string& library, int flags) {
  if (void* handle = dlopen(library.c_str(), flags)) return handle;
  return failed(dlerror());
}

// Halide's own runtime for one kind of device, with our error handler and a loop that runs in
// order.
Status load_runtime(const Halide::Target& target) {
  const std::string name = target.has_feature(Halide::Target::OpenCL) ? "opencl" : "cpu";
  const std::string object = work_folder().file("runtime_" + name + ".o"),
                    library = work_folder().file("runtime_" + name + ".so");
  Halide::Target alone = target.without_feature(Halide::Target::NoRuntime);
  Halide::compile_standalone_runtime(object, alone);
  TENFOLD_CHECK(link(object, library));
  TENFOLD_TRY(void* handle, open_library(library, RTLD_NOW | RTLD_GLOBAL));
  using SetError = void (*)(void (*)(void*, const char*));
  using SetLoop = void (*)(int (*)(void*, int (*)(void*, int, uint8_t*), int, int, uint8_t*));
  reinterpret_cast<SetError>(dlsym(handle, "halide_set_error_handler"))(record_error);
  reinterpret_cast<SetLoop>(dlsym(handle, "halide_set_custom_do_par_for"))(run_in_order);
  return {};
}

std::vector<std::string> undefined_in(const std::string& object) {
  std::vector<std::string> symbols;
  FILE* pipe = popen(("nm -u '" + object + "'").c_str(), "r");
  if (!pipe) return symbols;
  char name[512];
  while (std::fscanf(pipe, " U %511s", name) == 1) symbols.emplace_back(name);
  pclose(pipe);
  return symbols;
}

// Slices draw warnings about checks that schedules::finish removes; errors are thrown as they are
// without a reporter.
class QuietReporter : public Halide::CompileTimeErrorReporter {
 public:
  void warning(const char*) override {}
  void error(const char* message) override { throw Halide::CompileError(message); }
};

struct Buffer {
  halide_buffer_t buffer{};
  std::vector<halide_dimension_t> dims;

  Buffer(DType type, const std::vector<BufferDim>& layout) {
    for (const BufferDim& dim : layout)
      dims.emplace_back(static_cast<int>(dim.min), static_cast<int>(dim.extent),
                        static_cast<int>(dim.stride));
    assert(type == DType::f32);
    buffer.type = halide_type_t(halide_type_float, 32);
    buffer.dimensions = static_cast<int>(dims.size());
  }
  const halide_buffer_t* at(const void* base) {
    buffer.host = static_cast<uint8_t*>(const_cast<void*>(base));
    buffer.dim = dims.data();
    return &buffer;
  }
};

}  // namespace

struct LoadedKernel::State {
  int (*entry)(const void* const* argv) = nullptr;
  std::vector<std::string> undefined;
  std::string object_path, library_path;
  double compile_s = 0;
  std::vector<Buffer> buffers;  // inputs, params, outputs
  size_t input_count = 0, param_count = 0;
  bool on_device = false;
  void* handle = nullptr;
  ~State() {
    if (handle) dlclose(handle);
    std::error_code ignored;
    for (const std::string& path : {object_path, library_path}) fs::remove(path, ignored);
  }
};

LoadedKernel::LoadedKernel(std::shared_ptr<const State> state) : state_(std::move(state)) {}
const std::vector<std::string>& LoadedKernel::undefined_symbols() const {
  return state_->undefined;
}
const std::string& LoadedKernel::object_path() const {
  return state_->object_path;
}
double LoadedKernel::compile_s() const {
  return state_->compile_s;
}

Result<LoadedKernel> LoadedKernel::make(const Task& task, const Config& config,
                                        const Target& target, bool asserts) {
  static std::atomic<int> counter{0};
  auto state = std::make_shared<State>();
  TENFOLD_TRY(const schedules::Space* space, schedules::find_space(config.algorithm));
  TENFOLD_TRY(const Halide::Target flags, codegen::halide_target(target, asserts));
  const std::string symbol = "kernel_" + std::to_string(counter++);
  // A forked child shares its parent's folder.
  const std::string file = work_folder().file(std::to_string(getpid()) + "_" + symbol);
  state->object_path = file + ".o";
  state->library_path = file + ".so";
  static QuietReporter reporter;
  Halide::set_custom_compile_time_error_reporter(&reporter);
  try {
    static std::map<DeviceKind, Status> runtimes;  // once a process
    if (!runtimes.contains(target.device)) runtimes[target.device] = load_runtime(flags);
    if (!runtimes[target.device]) return runtimes[target.device].error();
    const auto start = std::chrono::steady_clock::now();
    schedules::Scheduled scheduled = space->apply(task, target, config);
    scheduled.pipeline.compile_to({{Halide::OutputFileType::object, state->object_path}},
                                  scheduled.arguments, symbol, flags);
    state->compile_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  } catch (const Halide::Error& error) {
    return failed(error.what());
  }
  state->undefined = undefined_in(state->object_path);
  TENFOLD_CHECK(link(state->object_path, state->library_path));
  TENFOLD_TRY(state->handle, open_library(state->library_path, RTLD_NOW | RTLD_LOCAL));
  state->entry = reinterpret_cast<int (*)(const void* const*)>(
      dlsym(state->handle, (symbol + "_argv").c_str()));

  for (const View& view : task.inputs) state->buffers.emplace_back(view.type, *buffer_dims(view));
  for (const Packing& packing : space->packing(task, target, config))
    state->buffers.emplace_back(DType::f32, buffer_dims(packing.packed_dims()));
  for (const View& view : task.outputs) state->buffers.emplace_back(view.type, *buffer_dims(view));
  state->input_count = task.inputs.size();
  state->on_device = target.device != DeviceKind::cpu;
  state->param_count = state->buffers.size() - task.inputs.size() - task.outputs.size();
  return LoadedKernel(state);
}

Status LoadedKernel::run(std::span<const float* const> inputs, std::span<const float* const> params,
                         std::span<float* const> outputs, IterationOrder order) const {
  assert(inputs.size() == state_->input_count && params.size() == state_->param_count);
  std::vector<Buffer> buffers = state_->buffers;
  const void* user_context = nullptr;
  std::vector<const void*> argv = {&user_context};
  size_t next = 0;
  for (const float* base : inputs) argv.push_back(buffers[next++].at(base));
  for (const float* base : params) argv.push_back(buffers[next++].at(base));
  for (float* base : outputs) argv.push_back(buffers[next++].at(base));
  last_error.clear();
  iteration_order = order;
  int status = 0;
  if (state_->on_device)  // what an output holds between its elements goes there and back, too
    for (Buffer& buffer : buffers) buffer.buffer.flags |= halide_buffer_flag_host_dirty;
  status = state_->entry(argv.data());
  if (state_->on_device) {
    using OnBuffer = int (*)(void*, halide_buffer_t*);
    const auto copy_back = reinterpret_cast<OnBuffer>(dlsym(RTLD_DEFAULT, "halide_copy_to_host"));
    const auto free_device = reinterpret_cast<OnBuffer>(dlsym(RTLD_DEFAULT, "halide_device_free"));
    for (Buffer& buffer : buffers) {
      if (status == 0) status = copy_back(nullptr, &buffer.buffer);
      free_device(nullptr, &buffer.buffer);
    }
  }
  if (status != 0 || !last_error.empty())
    return failed("the kernel failed with status " + std::to_string(status) + ": " + last_error);
  return {};
}

}  // namespace tenfold::bench
