#include "tests/codegen/library_runner.h"

#include <HalideRuntime.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <limits>

#include "base/hash.h"
#include "codegen/file.h"

namespace tenfold::codegen::testing_support {
namespace {

// Halide's user_context: begins with the operations.
struct Context {
  tenfold_user_context base;
  LibraryRunner* runner;
  std::map<void*, int64_t> held;
  int64_t held_bytes = 0;
};

Context& context_of(void* user_context) {
  return *static_cast<Context*>(user_context);
}

void* allocate(void* user_context, size_t size) {
  Context& context = context_of(user_context);
  const auto bytes = static_cast<int64_t>((size + 63) / 64 * 64 + 64);
  void* memory = std::aligned_alloc(64, bytes);
  context.held[memory] = bytes;
  context.held_bytes += bytes;
  ++context.runner->allocations;
  context.runner->most_bytes = std::max(context.runner->most_bytes, context.held_bytes);
  return memory;
}

void release(void* user_context, void* memory) {
  Context& context = context_of(user_context);
  context.held_bytes -= context.held[memory];
  context.held.erase(memory);
  std::free(memory);
}

int parallel_for(void* user_context, int (*body)(void*, int, uint8_t*), int min, int extent,
                 uint8_t* closure) {
  ++context_of(user_context).runner->parallel_loops;
  for (int i = min + extent - 1; i >= min; --i)
    if (const int result = body(user_context, i, closure)) return result;
  return 0;
}

void error(void*, const char* message) {
  ADD_FAILURE() << message;
}

const tenfold_ops operations{.allocate = allocate,
                             .release = release,
                             .parallel_for = parallel_for,
                             .error = error,
                             .print = error};

void zero(std::byte* arena, const tenfold_fill* fills, uint32_t count) {
  for (uint32_t f = 0; f < count; ++f)
    for (int64_t row = 0; row < fills[f].rows; ++row)
      std::memset(arena + fills[f].offset_bytes + row * fills[f].stride_bytes, 0,
                  fills[f].row_bytes);
}

}  // namespace

LibraryRunner::LibraryRunner(const std::string& folder, const std::string& name) {
  handle_ = dlopen((folder + "/lib" + name + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle_) {
    ADD_FAILURE() << dlerror();
    return;
  }
  const auto query = reinterpret_cast<tenfold_query_fn>(dlsym(handle_, (name + "_query").c_str()));
  if (!query) {
    ADD_FAILURE() << name << "_query is not exported";
    return;
  }
  EXPECT_EQ(query(TENFOLD_ABI_VERSION + 1), nullptr);
  library_ = query(TENFOLD_ABI_VERSION);
  if (library_->weights_size_bytes == 0) return;
  const auto weights = read_file(folder + '/' + name + ".weights");
  if (weights)
    weights_ = *weights;
  else
    ADD_FAILURE() << weights.error().message;
}

LibraryRunner::LibraryRunner(const tenfold_library* library, std::string weights)
    : library_(library), weights_(std::move(weights)) {}

LibraryRunner::~LibraryRunner() {
  if (handle_) dlclose(handle_);
}

std::vector<Array> LibraryRunner::run(const std::string& target, const std::vector<Array>& inputs) {
  const tenfold_variant* variant = nullptr;
  for (uint32_t v = 0; v < library_->variant_count; ++v)
    if (target == library_->variants[v].target) variant = &library_->variants[v];
  if (!variant) {
    ADD_FAILURE() << "no variant " << target;
    return {};
  }
  std::vector<Array> outputs;
  for (uint32_t o = 0; o < library_->output_count; ++o) {
    const tenfold_port& port = library_->outputs[o];
    outputs.emplace_back(static_cast<DType>(port.type), Dims(port.dims, port.dims + port.rank));
    for (float& value : outputs.back().as<float>()) value = std::numeric_limits<float>::quiet_NaN();
  }
  Array arena(DType::f32, {variant->arena_bytes / 4 + 16});
  for (float& value : arena.as<float>()) value = std::numeric_limits<float>::quiet_NaN();
  zero(arena.bytes(), variant->fills, variant->fill_count);
  // Sections are page aligned in the file; a copy of 64-byte alignment serves as well.
  Array weights(DType::u8, {variant->weights_size_bytes + 64});
  if (variant->weights_size_bytes)
    std::memcpy(weights.bytes(), weights_.data() + variant->weights_offset_bytes,
                variant->weights_size_bytes);

  Context context{.base = {&operations}, .runner = this, .held = {}};
  void* user_context = &context;
  for (uint32_t s = 0; s < variant->step_count; ++s) {
    const tenfold_step& step = variant->steps[s];
    zero(arena.bytes(), step.fills, step.fill_count);
    std::vector<halide_buffer_t> buffers(step.operand_count);
    std::vector<std::vector<halide_dimension_t>> dims(step.operand_count);
    std::vector<void*> arguments{&user_context};
    for (uint32_t i = 0; i < step.operand_count; ++i) {
      const tenfold_operand& operand = step.operands[i];
      const std::byte* bases[] = {arena.bytes(), nullptr, nullptr, weights.bytes()};
      if (operand.home == TENFOLD_HOME_INPUT) bases[1] = inputs[operand.index].bytes();
      if (operand.home == TENFOLD_HOME_OUTPUT) bases[2] = outputs[operand.index].bytes();
      for (uint32_t d = 0; d < operand.rank; ++d)
        dims[i].emplace_back(operand.dims[d].min, operand.dims[d].extent, operand.dims[d].stride);
      EXPECT_EQ(operand.type, TENFOLD_F32);
      buffers[i].host = reinterpret_cast<uint8_t*>(const_cast<std::byte*>(bases[operand.home])) +
                        operand.offset_bytes;
      buffers[i].type = halide_type_t(halide_type_float, 32, 1);
      buffers[i].dimensions = static_cast<int>(operand.rank);
      buffers[i].dim = dims[i].data();
      arguments.push_back(&buffers[i]);
    }
    EXPECT_EQ(step.kernel(arguments.data()), 0) << step.name;
  }
  EXPECT_TRUE(context.held.empty());
  return outputs;
}

}  // namespace tenfold::codegen::testing_support
