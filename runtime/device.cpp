#include "runtime/device.h"

#include "base/target.h"
#include "runtime/cuda/cuda_device.h"
#include "runtime/opencl/opencl_device.h"

namespace tenfold::runtime {
namespace {

struct Kind {
  DeviceKind kind;
  Failure (*probe)(const tenfold_variant& variant);
  Failure (*key)(uint32_t index, void* stream, DeviceKey& key);
  Failure (*open)(const tenfold_variant& variant, const DeviceKey& key,
                  std::shared_ptr<Device>& device);
};

constexpr Kind kinds[] = {
    {DeviceKind::opencl, opencl::probe, opencl::key, opencl::open},
    {DeviceKind::cuda, cuda::probe, cuda::key, cuda::open},
};

const Kind* kind_of(const tenfold_variant& variant) {
  for (const Kind& row : kinds)
    if (static_cast<uint32_t>(row.kind) == variant.device) return &row;
  return nullptr;
}

Failure unknown(const tenfold_variant& variant) {
  return fail(TENFOLD_VERSION, std::string("this runtime knows no device for ") + variant.target);
}

}  // namespace

Failure probe_device(const tenfold_variant& variant) {
  const Kind* kind = kind_of(variant);
  return kind ? kind->probe(variant) : unknown(variant);
}

Failure device_key(const tenfold_variant& variant, uint32_t index, void* stream, DeviceKey& key) {
  const Kind* kind = kind_of(variant);
  return kind ? kind->key(index, stream, key) : unknown(variant);
}

Failure open_device(const tenfold_variant& variant, const DeviceKey& key,
                    std::shared_ptr<Device>& device) {
  const Kind* kind = kind_of(variant);
  return kind ? kind->open(variant, key, device) : unknown(variant);
}

}  // namespace tenfold::runtime
