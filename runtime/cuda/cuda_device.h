// CUDA devices: the functions of runtime/device.h for them. A device's primary context is used, so
// that memory of a program that uses CUDA's runtime can be bound as it is.
#pragma once
#include "runtime/device.h"

namespace tenfold::runtime::cuda {

Failure probe(const tenfold_variant& variant);
Failure key(uint32_t index, void* stream, DeviceKey& key);
Failure open(const tenfold_variant& variant, const DeviceKey& key, std::shared_ptr<Device>& device);

}  // namespace tenfold::runtime::cuda
