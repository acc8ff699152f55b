/* What kernels built with their checks call when one fails: a line for the context, and the code
 * that the kernel returns. */
#include <stdarg.h>
#include <stdio.h>

#include "shims.h"

static int report(void* user_context, int code, const char* format, ...) {
  char message[512];
  va_list values;
  va_start(values, format);
  vsnprintf(message, sizeof message, format, values);
  va_end(values);
  halide_error(user_context, message);
  return code;
}

#define REPORT(code, ...) return report(user_context, halide_error_code_##code, __VA_ARGS__)

int halide_error_explicit_bounds_too_small(void* user_context, const char* func, const char* var,
                                           int min, int max, int required_min, int required_max) {
  REPORT(explicit_bounds_too_small, "bounds of %s in %s are %d to %d, but %d to %d are needed", var,
         func, min, max, required_min, required_max);
}

int halide_error_bad_type(void* user_context, const char* func, uint32_t given, uint32_t correct) {
  REPORT(bad_type, "buffer %s has type %#x, not %#x", func, given, correct);
}

int halide_error_bad_dimensions(void* user_context, const char* func, int32_t given,
                                int32_t correct) {
  REPORT(bad_dimensions, "buffer %s has %d dimensions, not %d", func, given, correct);
}

int halide_error_access_out_of_bounds(void* user_context, const char* func, int dimension,
                                      int min_touched, int max_touched, int min_valid,
                                      int max_valid) {
  REPORT(access_out_of_bounds,
         "%s is accessed from %d to %d in dimension %d, but reaches from %d to %d", func,
         min_touched, max_touched, dimension, min_valid, max_valid);
}

int halide_error_buffer_allocation_too_large(void* user_context, const char* buffer, uint64_t size,
                                             uint64_t most) {
  REPORT(buffer_allocation_too_large, "allocation %s of %llu bytes exceeds %llu", buffer,
         (unsigned long long)size, (unsigned long long)most);
}

int halide_error_buffer_extents_negative(void* user_context, const char* buffer, int dimension,
                                         int extent) {
  REPORT(buffer_extents_negative, "buffer %s has extent %d in dimension %d", buffer, extent,
         dimension);
}

int halide_error_buffer_extents_too_large(void* user_context, const char* buffer, int64_t size,
                                          int64_t most) {
  REPORT(buffer_extents_too_large, "buffer %s of %lld elements exceeds %lld", buffer,
         (long long)size, (long long)most);
}

int halide_error_constraints_make_required_region_smaller(void* user_context, const char* buffer,
                                                          int dimension, int constrained_min,
                                                          int constrained_extent, int required_min,
                                                          int required_extent) {
  REPORT(constraints_make_required_region_smaller,
         "buffer %s is held to %d elements from %d in dimension %d, but %d from %d are needed",
         buffer, constrained_extent, constrained_min, dimension, required_extent, required_min);
}

int halide_error_constraint_violated(void* user_context, const char* var, int value,
                                     const char* constrained_var, int constrained_value) {
  REPORT(constraint_violated, "%s is %d, not %s, which is %d", var, value, constrained_var,
         constrained_value);
}

int halide_error_out_of_memory(void* user_context) {
  halide_error(user_context, "out of memory for a kernel's scratch");
  return halide_error_code_out_of_memory;
}

int halide_error_buffer_argument_is_null(void* user_context, const char* buffer) {
  REPORT(buffer_argument_is_null, "argument %s is null", buffer);
}

int halide_error_buffer_is_null(void* user_context, const char* routine) {
  REPORT(buffer_is_null, "%s was given a null buffer", routine);
}

int halide_error_unaligned_host_ptr(void* user_context, const char* func, int alignment) {
  REPORT(unaligned_host_ptr, "the memory of %s is not aligned to %d bytes", func, alignment);
}

int halide_error_host_is_null(void* user_context, const char* func) {
  REPORT(host_is_null, "%s has no memory on the host", func);
}

int halide_error_bad_fold(void* user_context, const char* func, const char* var, const char* loop) {
  REPORT(bad_fold, "folded dimension %s of %s is accessed out of order by loop %s", var, func,
         loop);
}

int halide_error_fold_factor_too_small(void* user_context, const char* func, const char* var,
                                       int factor, const char* loop, int required) {
  REPORT(fold_factor_too_small, "dimension %s of %s is folded to %d, but loop %s needs %d", var,
         func, factor, loop, required);
}

int halide_error_requirement_failed(void* user_context, const char* condition,
                                    const char* message) {
  REPORT(requirement_failed, "requirement failed: (%s) %s", condition, message);
}

int halide_error_specialize_fail(void* user_context, const char* message) {
  REPORT(specialize_fail, "no specialisation serves: %s", message);
}

int halide_error_no_device_interface(void* user_context) {
  REPORT(no_device_interface, "a buffer has device memory and no device");
}

int halide_error_device_interface_no_device(void* user_context) {
  REPORT(device_interface_no_device, "a buffer has a device and no device memory");
}

int halide_error_host_and_device_dirty(void* user_context) {
  REPORT(host_and_device_dirty, "a buffer was changed on the host and on the device");
}

int halide_error_device_dirty_with_no_device_support(void* user_context, const char* buffer) {
  REPORT(device_dirty_with_no_device_support,
         "buffer %s was changed on a device that the kernel can't reach", buffer);
}

int halide_error_storage_bound_too_small(void* user_context, const char* func, const char* var,
                                         int provided, int required) {
  REPORT(storage_bound_too_small, "dimension %s of %s is stored in %d, but %d are needed", var,
         func, provided, required);
}

int halide_error_split_factor_not_positive(void* user_context, const char* func, const char* orig,
                                           const char* outer, const char* inner,
                                           const char* factor_text, int factor) {
  REPORT(split_factor_not_positive, "in %s, %s is split into %s and %s by %s, which is %d", func,
         orig, outer, inner, factor_text, factor);
}
