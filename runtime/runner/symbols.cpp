#include "runtime/runner/symbols.h"

#include <HalideRuntime.h>

#include <cmath>
#include <cstring>

// Not in HalideRuntime.h: only generated code calls them.
extern "C" int halide_error_split_factor_not_positive(void*, const char*, const char*, const char*,
                                                      const char*, const char*, int);

namespace tenfold::runner {
namespace {

template <class F>
void* address(F* function) {
  return reinterpret_cast<void*>(function);
}

#define NAMED(function) \
  { #function, address(&function) }
#define FLOAT(function) \
  { #function "f", address(static_cast <float (*)(float)>(&std::function)) }
#define DOUBLE(function) \
  { #function, address(static_cast <double (*)(double)>(&std::function)) }

}  // namespace

std::span<const Symbol> runtime_symbols() {
  static const Symbol table[] = {
      NAMED(halide_malloc),
      NAMED(halide_free),
      NAMED(halide_do_task),
      NAMED(halide_do_par_for),
      NAMED(halide_error),
      NAMED(halide_print),
      NAMED(halide_error_access_out_of_bounds),
      NAMED(halide_error_bad_dimensions),
      NAMED(halide_error_bad_fold),
      NAMED(halide_error_bad_type),
      NAMED(halide_error_buffer_allocation_too_large),
      NAMED(halide_error_buffer_argument_is_null),
      NAMED(halide_error_buffer_extents_negative),
      NAMED(halide_error_buffer_extents_too_large),
      NAMED(halide_error_buffer_is_null),
      NAMED(halide_error_constraint_violated),
      NAMED(halide_error_constraints_make_required_region_smaller),
      NAMED(halide_error_device_dirty_with_no_device_support),
      NAMED(halide_error_device_interface_no_device),
      NAMED(halide_error_explicit_bounds_too_small),
      NAMED(halide_error_fold_factor_too_small),
      NAMED(halide_error_host_and_device_dirty),
      NAMED(halide_error_host_is_null),
      NAMED(halide_error_no_device_interface),
      NAMED(halide_error_out_of_memory),
      NAMED(halide_error_requirement_failed),
      NAMED(halide_error_specialize_fail),
      NAMED(halide_error_split_factor_not_positive),
      NAMED(halide_error_storage_bound_too_small),
      NAMED(halide_error_unaligned_host_ptr),
      {"memcpy", address(static_cast<void* (*)(void*, const void*, size_t)>(&std::memcpy))},
      {"memmove", address(static_cast<void* (*)(void*, const void*, size_t)>(&std::memmove))},
      {"memset", address(static_cast<void* (*)(void*, int, size_t)>(&std::memset))},
  };
  return table;
}

std::span<const Symbol> libm_symbols() {
  static const Symbol table[] = {
      FLOAT(acos),
      FLOAT(acosh),
      FLOAT(asin),
      FLOAT(asinh),
      FLOAT(atan),
      FLOAT(atanh),
      FLOAT(cbrt),
      FLOAT(ceil),
      FLOAT(cos),
      FLOAT(cosh),
      FLOAT(erf),
      FLOAT(exp),
      FLOAT(exp2),
      FLOAT(expm1),
      FLOAT(floor),
      FLOAT(log),
      FLOAT(log10),
      FLOAT(log1p),
      FLOAT(log2),
      FLOAT(nearbyint),
      FLOAT(rint),
      FLOAT(round),
      FLOAT(sin),
      FLOAT(sinh),
      FLOAT(sqrt),
      FLOAT(tan),
      FLOAT(tanh),
      FLOAT(trunc),
      DOUBLE(acos),
      DOUBLE(acosh),
      DOUBLE(asin),
      DOUBLE(asinh),
      DOUBLE(atan),
      DOUBLE(atanh),
      DOUBLE(cbrt),
      DOUBLE(ceil),
      DOUBLE(cos),
      DOUBLE(cosh),
      DOUBLE(erf),
      DOUBLE(exp),
      DOUBLE(exp2),
      DOUBLE(expm1),
      DOUBLE(floor),
      DOUBLE(log),
      DOUBLE(log10),
      DOUBLE(log1p),
      DOUBLE(log2),
      DOUBLE(nearbyint),
      DOUBLE(rint),
      DOUBLE(round),
      DOUBLE(sin),
      DOUBLE(sinh),
      DOUBLE(sqrt),
      DOUBLE(tan),
      DOUBLE(tanh),
      DOUBLE(trunc),
      {"atan2f", address(static_cast<float (*)(float, float)>(&std::atan2))},
      {"fmodf", address(static_cast<float (*)(float, float)>(&std::fmod))},
      {"powf", address(static_cast<float (*)(float, float)>(&std::pow))},
      {"atan2", address(static_cast<double (*)(double, double)>(&std::atan2))},
      {"fmod", address(static_cast<double (*)(double, double)>(&std::fmod))},
      {"pow", address(static_cast<double (*)(double, double)>(&std::pow))},
  };
  return table;
}

}  // namespace tenfold::runner
