// OpenCL devices: the functions of runtime/device.h for them.
#pragma once
#include "runtime/device.h"

namespace tenfold::runtime::opencl {

Failure probe(const tenfold_variant& variant);
Failure key(uint32_t index, void* stream, DeviceKey& key);
Failure open(const tenfold_variant& variant, const DeviceKey& key, std::shared_ptr<Device>& device);

}  // namespace tenfold::runtime::opencl
