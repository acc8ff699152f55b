// Devices beside the CPU, as contexts see them. A Device is shared by the contexts of one network:
// its compiled modules and its copy of the weights. A Queue belongs to one context: a stream of
// commands that run in order.
//
// Handles are a device's own: a cl_mem for OpenCL, a CUdeviceptr for CUDA. Every function that can
// fail says why in one line.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "runtime/failure.h"

namespace tenfold::runtime {

class Queue {
 public:
  virtual ~Queue() = default;

  virtual Failure allocate(size_t size_bytes, uint64_t& handle) = 0;
  /// A part of an allocation as a handle of its own; it is released on its own, before the whole.
  virtual Failure slice(uint64_t whole, size_t offset_bytes, size_t size_bytes,
                        uint64_t& handle) = 0;
  virtual void release(uint64_t handle, bool is_slice) = 0;

  /// Copies and fills are in order with launches. upload may return before it has read the host's
  /// memory, which must stay as it is until synchronize; download returns when the host's memory is
  /// written.
  virtual Failure upload(uint64_t handle, const void* host, size_t size_bytes) = 0;
  virtual Failure download(uint64_t handle, void* host, size_t size_bytes) = 0;
  virtual Failure zero(uint64_t handle, const tenfold_fill& fill) = 0;
  virtual Failure synchronize() = 0;

  /// See tenfold_ops. A slot's own address names its module, so that *state is the same for every
  /// context.
  virtual Failure load_module(void** state, const char* source, size_t size_bytes) = 0;
  virtual Failure launch(const tenfold_launch& launch) = 0;
};

class Device {
 public:
  virtual ~Device() = default;
  /// A stream of its own, or the caller's.
  virtual Failure make_queue(void* stream, std::unique_ptr<Queue>& queue) = 0;
};

/// Which device a context is for: one by its number among those of its kind, or that of the
/// caller's stream.
struct DeviceKey {
  uint32_t index = 0;
  void* native_context = nullptr;  // of the caller's stream
  bool operator==(const DeviceKey&) const = default;
};

/// UNAVAILABLE with the reason when the variant runs on no device here: no driver library, no
/// device, too old a device.
Failure probe_device(const tenfold_variant& variant);

/// Errors: UNAVAILABLE, INVALID_ARGUMENT for a stream that is none.
Failure device_key(const tenfold_variant& variant, uint32_t index, void* stream, DeviceKey& key);
Failure open_device(const tenfold_variant& variant, const DeviceKey& key,
                    std::shared_ptr<Device>& device);

}  // namespace tenfold::runtime
