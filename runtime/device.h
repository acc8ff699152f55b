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

  /// See tenfold_ops.
  virtual Failure load_module(void** state, const char* source, size_t size_bytes) = 0;
  virtual Failure launch(const tenfold_launch& launch) = 0;
};

class Device {
 public:
  virtual ~Device() = default;
  /// A stream of its own, or the caller's.
  virtual Failure make_queue(void* stream, std::unique_ptr<Queue>& queue) = 0;
  /// Identifies the native context that handles are valid in.
  virtual void* native_context() const = 0;
};

/// What a variant needs; `index` counts the devices of its kind, and a stream, when given, decides
/// instead of it. Errors: UNAVAILABLE with the reason: no driver library, no device, too old a
/// device.
Failure open_device(const tenfold_variant& variant, uint32_t index, void* stream,
                    std::shared_ptr<Device>& device);

/// UNAVAILABLE with the reason when the variant can't run on any device here; cheap.
Failure probe_device(const tenfold_variant& variant);

}  // namespace tenfold::runtime
