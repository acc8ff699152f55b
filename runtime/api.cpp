// The C ABI: null checks, exceptions to statuses, and where the text of a failure is kept.
#include <memory>
#include <new>
#include <string>

#include "runtime/context.h"
#include "tenfold/tenfold.h"

namespace runtime = tenfold::runtime;

struct tenfold_network {
  std::shared_ptr<const runtime::Network> network;
};
struct tenfold_context {
  std::shared_ptr<const runtime::Network> network;  // outlives the context, whoever closes first
  std::unique_ptr<runtime::Context> context;
};

namespace {

std::string& last_error() {
  thread_local std::string text;
  return text;
}

tenfold_status keep(runtime::Failure failure, tenfold_context* context = nullptr) {
  if (!failure) return TENFOLD_OK;
  if (context) context->context->error = failure.text;
  last_error() = std::move(failure.text);
  return failure.status;
}

/// Calls a function that returns a Failure; nothing is thrown into C.
template <class Function>
tenfold_status guarded(tenfold_context* context, Function function) {
  try {
    return keep(function(), context);
  } catch (const std::bad_alloc&) {
    return keep(runtime::fail(TENFOLD_OUT_OF_MEMORY, "out of memory"), context);
  } catch (const std::exception& exception) {
    return keep(runtime::fail(TENFOLD_FAILED, exception.what()), context);
  }
}

tenfold_status null_argument(const char* name) {
  return keep(runtime::fail(TENFOLD_INVALID_ARGUMENT, std::string(name) + " is null"));
}

}  // namespace

extern "C" {

const char* tenfold_status_text(tenfold_status status) {
  switch (status) {
    case TENFOLD_OK:
      return "ok";
    case TENFOLD_INVALID_ARGUMENT:
      return "invalid argument";
    case TENFOLD_NOT_FOUND:
      return "not found";
    case TENFOLD_IO:
      return "input or output error";
    case TENFOLD_CORRUPT:
      return "corrupt file";
    case TENFOLD_VERSION:
      return "wrong version";
    case TENFOLD_UNAVAILABLE:
      return "not available here";
    case TENFOLD_OUT_OF_MEMORY:
      return "out of memory";
    case TENFOLD_FAILED:
      return "failed";
  }
  return "unknown status";
}

const char* tenfold_version(void) {
  return TENFOLD_VERSION_TEXT;
}
const char* tenfold_last_error(void) {
  return last_error().c_str();
}

tenfold_status tenfold_open(const char* path, const tenfold_open_options* options,
                            tenfold_network** network) {
  if (!network) return null_argument("network");
  *network = nullptr;
  if (!path) return null_argument("path");
  return guarded(nullptr, [&] {
    std::unique_ptr<runtime::Network> opened;
    TENFOLD_RETURN_FAILURE(
        runtime::Network::open(path, options ? *options : tenfold_open_options{}, opened));
    *network = new tenfold_network{std::move(opened)};
    return runtime::success();
  });
}

tenfold_status tenfold_open_linked(tenfold_query_fn query, const char* weights_path,
                                   const tenfold_open_options* options, tenfold_network** network) {
  if (!network) return null_argument("network");
  *network = nullptr;
  if (!query) return null_argument("query");
  return guarded(nullptr, [&] {
    std::unique_ptr<runtime::Network> opened;
    TENFOLD_RETURN_FAILURE(runtime::Network::open_linked(
        query, weights_path, options ? *options : tenfold_open_options{}, opened));
    *network = new tenfold_network{std::move(opened)};
    return runtime::success();
  });
}

void tenfold_close(tenfold_network* network) {
  delete network;
}

const char* tenfold_network_name(const tenfold_network* network) {
  return network ? network->network->library().name : "";
}
const char* tenfold_network_target(const tenfold_network* network) {
  return network ? network->network->variant().target : "";
}
uint32_t tenfold_input_count(const tenfold_network* network) {
  return network ? network->network->library().input_count : 0;
}
uint32_t tenfold_output_count(const tenfold_network* network) {
  return network ? network->network->library().output_count : 0;
}
const tenfold_port* tenfold_input(const tenfold_network* network, uint32_t index) {
  return index < tenfold_input_count(network) ? &network->network->library().inputs[index]
                                              : nullptr;
}
const tenfold_port* tenfold_output(const tenfold_network* network, uint32_t index) {
  return index < tenfold_output_count(network) ? &network->network->library().outputs[index]
                                               : nullptr;
}

tenfold_status tenfold_context_create(const tenfold_network* network,
                                      const tenfold_context_options* options,
                                      tenfold_context** context) {
  if (!context) return null_argument("context");
  *context = nullptr;
  if (!network) return null_argument("network");
  return guarded(nullptr, [&] {
    auto made = std::make_unique<tenfold_context>();
    TENFOLD_RETURN_FAILURE(runtime::Context::create(
        *network->network, options ? *options : tenfold_context_options{}, made->context));
    made->network = network->network;
    *context = made.release();
    return runtime::success();
  });
}

tenfold_status tenfold_op_context_create(const tenfold_context_options* options,
                                         tenfold_context** context) {
  if (!context) return null_argument("context");
  *context = nullptr;
  return guarded(nullptr, [&] {
    auto made = std::make_unique<tenfold_context>();
    TENFOLD_RETURN_FAILURE(runtime::Context::create_for_op(
        options ? *options : tenfold_context_options{}, made->context));
    *context = made.release();
    return runtime::success();
  });
}

void tenfold_context_free(tenfold_context* context) {
  delete context;
}

const char* tenfold_context_error(const tenfold_context* context) {
  return context ? context->context->error.c_str() : "";
}

tenfold_status tenfold_bind_input(tenfold_context* context, uint32_t index, const void* data,
                                  size_t size_bytes) {
  if (!context) return null_argument("context");
  if (!data) return null_argument("data");
  return guarded(context, [&] {  // kernels only read it
    return context->context->bind(runtime::Context::Side::input, index, const_cast<void*>(data),
                                  size_bytes);
  });
}

tenfold_status tenfold_bind_output(tenfold_context* context, uint32_t index, void* data,
                                   size_t size_bytes) {
  if (!context) return null_argument("context");
  if (!data) return null_argument("data");
  return guarded(context, [&] {
    return context->context->bind(runtime::Context::Side::output, index, data, size_bytes);
  });
}

tenfold_status tenfold_bind_device_input(tenfold_context* context, uint32_t index, uint64_t handle,
                                         size_t size_bytes) {
  if (!context) return null_argument("context");
  if (!handle) return null_argument("handle");
  return guarded(context, [&] {
    return context->context->bind_device(runtime::Context::Side::input, index, handle, size_bytes);
  });
}

tenfold_status tenfold_bind_device_output(tenfold_context* context, uint32_t index, uint64_t handle,
                                          size_t size_bytes) {
  if (!context) return null_argument("context");
  if (!handle) return null_argument("handle");
  return guarded(context, [&] {
    return context->context->bind_device(runtime::Context::Side::output, index, handle, size_bytes);
  });
}

tenfold_status tenfold_run(tenfold_context* context) {
  if (!context) return null_argument("context");
  return guarded(context, [&] { return context->context->run(nullptr, nullptr); });
}

tenfold_status tenfold_run_steps(tenfold_context* context, tenfold_step_fn after, void* user) {
  if (!context) return null_argument("context");
  if (!after) return null_argument("after");
  return guarded(context, [&] { return context->context->run(after, user); });
}

tenfold_status tenfold_read_arena(tenfold_context* context, int64_t offset_bytes, void* data,
                                  size_t size_bytes) {
  if (!context) return null_argument("context");
  if (!data) return null_argument("data");
  return guarded(context,
                 [&] { return context->context->read_arena(offset_bytes, data, size_bytes); });
}

tenfold_status tenfold_context_memory(const tenfold_context* context, tenfold_memory* memory) {
  if (!context) return null_argument("context");
  if (!memory) return null_argument("memory");
  *memory = context->context->memory();
  return TENFOLD_OK;
}

tenfold_user_context* tenfold_user_context_of(tenfold_context* context) {
  return context ? context->context->user_context() : nullptr;
}

tenfold_status tenfold_region(tenfold_context* context, void (*function)(void* argument),
                              void* argument) {
  if (!context) return null_argument("context");
  if (!function) return null_argument("function");
  return guarded(context, [&] {
    context->context->region(function, argument);
    return runtime::success();
  });
}

}  // extern "C"
