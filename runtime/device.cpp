#include "runtime/device.h"

#include "base/target.h"

namespace tenfold::runtime {

Failure open_device(const tenfold_variant& variant, uint32_t, void*, std::shared_ptr<Device>&) {
  return probe_device(variant);
}

Failure probe_device(const tenfold_variant& variant) {
  return fail(TENFOLD_UNAVAILABLE,
              std::string("no driver for ") + to_string(static_cast<DeviceKind>(variant.device)));
}

}  // namespace tenfold::runtime
