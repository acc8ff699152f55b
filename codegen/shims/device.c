/* Device calls: all of them the context's. A kernel for a device can't run without one. */
#include "shims.h"

static const struct halide_device_interface_t interface;

static const tenfold_ops* device_ops(void* user_context) {
  const tenfold_ops* ops = ops_of(user_context);
  if (ops && ops->device_launch) return ops;
  halide_error(user_context, "this kernel is for a device, and the context has none");
  return 0;
}

int halide_device_malloc(void* user_context, struct halide_buffer_t* buffer,
                         const struct halide_device_interface_t* device_interface) {
  const tenfold_ops* ops = device_ops(user_context);
  if (!ops) return halide_error_code_no_device_interface;
  if (buffer->device) return 0;
  buffer->device_interface = device_interface;
  return ops->device_allocate(user_context, buffer);
}

int halide_device_free(void* user_context, struct halide_buffer_t* buffer) {
  const tenfold_ops* ops = buffer->device ? device_ops(user_context) : 0;
  const int result = ops ? ops->device_release(user_context, buffer) : 0;
  buffer->device = 0;
  buffer->device_interface = 0;
  return result;
}

void halide_device_free_as_destructor(void* user_context, void* buffer) {
  halide_device_free(user_context, (struct halide_buffer_t*)buffer);
}

int halide_copy_to_device(void* user_context, struct halide_buffer_t* buffer,
                          const struct halide_device_interface_t* device_interface) {
  const int result = halide_device_malloc(user_context, buffer, device_interface);
  return result ? result : device_ops(user_context)->copy_to_device(user_context, buffer);
}

int halide_copy_to_host(void* user_context, struct halide_buffer_t* buffer) {
  const tenfold_ops* ops = device_ops(user_context);
  return ops ? ops->copy_to_host(user_context, buffer) : halide_error_code_no_device_interface;
}

int halide_device_sync(void* user_context, struct halide_buffer_t* buffer) {
  (void)buffer;
  const tenfold_ops* ops = device_ops(user_context);
  return ops ? ops->device_sync(user_context) : halide_error_code_no_device_interface;
}

/* Memory on both sides, for what host and device touch in turn. */
int halide_device_and_host_malloc(void* user_context, struct halide_buffer_t* buffer,
                                  const struct halide_device_interface_t* device_interface) {
  size_t elements = 1;
  for (int d = 0; d < buffer->dimensions; ++d)
    elements += (size_t)(buffer->dim[d].extent - 1) * (size_t)buffer->dim[d].stride;
  buffer->host = halide_malloc(user_context, elements * ((buffer->type.bits + 7) / 8));
  if (!buffer->host) return halide_error_out_of_memory(user_context);
  const int result = halide_device_malloc(user_context, buffer, device_interface);
  if (result) {
    halide_free(user_context, buffer->host);
    buffer->host = 0;
  }
  return result;
}

int halide_device_and_host_free(void* user_context, struct halide_buffer_t* buffer) {
  const int result = halide_device_free(user_context, buffer);
  if (buffer->host) halide_free(user_context, buffer->host);
  buffer->host = 0;
  return result;
}

void halide_device_and_host_free_as_destructor(void* user_context, void* buffer) {
  halide_device_and_host_free(user_context, (struct halide_buffer_t*)buffer);
}

void halide_device_host_nop_free(void* user_context, void* buffer) {
  (void)user_context, (void)buffer;
}

static int load_module(void* user_context, void** state, const char* source, int size) {
  const tenfold_ops* ops = device_ops(user_context);
  if (!ops) return halide_error_code_no_device_interface;
  return ops->device_module(user_context, state, source, size);
}

static int launch(void* user_context, const tenfold_launch* what) {
  const tenfold_ops* ops = device_ops(user_context);
  return ops ? ops->device_launch(user_context, what) : halide_error_code_no_device_interface;
}

#define TENFOLD_DEVICE(api)                                                                       \
  const struct halide_device_interface_t* halide_##api##_device_interface(void) {                 \
    return &interface;                                                                            \
  }                                                                                               \
  int halide_##api##_initialize_kernels(void* user_context, void** state, const char* source,     \
                                        int size) {                                               \
    return load_module(user_context, state, source, size);                                        \
  }                                                                                               \
  void halide_##api##_finalize_kernels(void* user_context, void* state) {                         \
    (void)user_context, (void)state; /* modules stay with the context */                          \
  }                                                                                               \
  int halide_##api##_run(void* user_context, void* state, const char* entry, int blocks_x,        \
                         int blocks_y, int blocks_z, int threads_x, int threads_y, int threads_z, \
                         int shared_bytes, size_t sizes[], void* args[], int8_t is_buffer[]) {    \
    const tenfold_launch what = {state,                                                           \
                                 entry,                                                           \
                                 {blocks_x, blocks_y, blocks_z},                                  \
                                 {threads_x, threads_y, threads_z},                               \
                                 shared_bytes,                                                    \
                                 sizes,                                                           \
                                 args,                                                            \
                                 is_buffer};                                                      \
    return launch(user_context, &what);                                                           \
  }

TENFOLD_DEVICE(opencl)
TENFOLD_DEVICE(cuda)
