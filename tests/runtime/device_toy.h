// The hand-written device library of device_toy_library.c, opened for one of its targets.
#pragma once
#include "toy.h"

extern "C" const tenfold_library* device_toy_query(uint32_t abi_version);

namespace toy {

/// y = 3*x + w.
Values expected_of_device(const Values& x);

class DeviceToy {
 public:
  /// The network's status tells whether it opened.
  explicit DeviceToy(const char* target);
  tenfold_status status = TENFOLD_OK;
  Opened opened;

 private:
  Folder folder_;
};

}  // namespace toy
