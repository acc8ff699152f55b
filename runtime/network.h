// Network: a library's tables, the variant that this machine runs, and its weights; immutable and
// shared by contexts, but for the list of devices that have a copy of the weights.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/device.h"
#include "runtime/library_file.h"
#include "runtime/log.h"
#include "runtime/weights.h"

namespace tenfold::runtime {

/// A network's constants on one device, one allocation each.
class DeviceWeights {
 public:
  /// Takes a device's part of a network's life: uploads every constant that the variant's steps
  /// read.
  static Failure upload(std::shared_ptr<Device> device, const tenfold_variant& variant,
                        const Weights& weights, std::unique_ptr<DeviceWeights>& result);
  ~DeviceWeights();
  Device& device() const { return *device_; }
  /// Precondition: a step has a constant at this offset.
  uint64_t at(int64_t offset_bytes) const;

 private:
  struct Constant {
    int64_t offset_bytes, size_bytes;
    uint64_t handle;
  };
  std::shared_ptr<Device> device_;
  std::unique_ptr<Queue> queue_;
  std::vector<Constant> constants_;  // by offset
};

class Network {
 public:
  /// Errors: as tenfold_open has them.
  static Failure open(const std::string& path, const tenfold_open_options& options,
                      std::unique_ptr<Network>& network);
  static Failure open_linked(tenfold_query_fn query, const char* weights_path,
                             const tenfold_open_options& options,
                             std::unique_ptr<Network>& network);

  const tenfold_library& library() const { return *library_; }
  const tenfold_variant& variant() const { return *variant_; }
  const Weights& weights() const { return weights_; }
  const Log& log() const { return log_; }

  /// The device of that index, or of the caller's stream, with the weights on it; made when first
  /// asked for.
  Failure device(uint32_t index, void* stream, const DeviceWeights*& weights) const;

 private:
  Failure load(tenfold_query_fn query, const std::string& where, const std::string& weights_path,
               const tenfold_open_options& options);
  Failure choose_variant(const char* target);

  LibraryFile file_;
  const tenfold_library* library_ = nullptr;
  const tenfold_variant* variant_ = nullptr;
  Weights weights_;
  Log log_;
  mutable std::mutex devices_mutex_;
  struct OnDevice {
    DeviceKey key;
    std::unique_ptr<DeviceWeights> weights;
  };
  mutable std::vector<OnDevice> devices_;
};

/// Bytes from an operand's base to its end.
int64_t operand_bytes(const tenfold_operand& operand);

}  // namespace tenfold::runtime
