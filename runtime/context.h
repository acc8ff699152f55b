// Context: what one run needs. Everything that a run touches is made when the context is, or when a
// buffer is bound: the arena, a halide_buffer_t for every operand of every step, the argument
// arrays. A run is then a loop of kernel(arguments).
#pragma once
#include <HalideRuntime.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/log.h"
#include "runtime/memory.h"
#include "runtime/network.h"
#include "runtime/team.h"

namespace tenfold::runtime {

class Context {
 public:
  /// Errors: INVALID_ARGUMENT, UNAVAILABLE, OUT_OF_MEMORY, FAILED.
  static Failure create(const Network& network, const tenfold_context_options& options,
                        std::unique_ptr<Context>& context);
  /// A context without a network, for kernels that are called one by one.
  static Failure create_for_op(const tenfold_context_options& options,
                               std::unique_ptr<Context>& context);
  ~Context();

  enum class Side { input, output };
  Failure bind(Side side, uint32_t index, void* data, size_t size_bytes);
  Failure bind_device(Side side, uint32_t index, uint64_t handle, size_t size_bytes);

  /// `after` may be null.
  Failure run(tenfold_step_fn after, void* user);
  void region(void (*function)(void*), void* argument) { team_->region(function, argument); }

  Failure read_arena(int64_t offset_bytes, void* data, size_t size_bytes);

  tenfold_memory memory() const;
  tenfold_user_context* user_context() { return &team_->member(0).user_context; }
  Queue* queue() { return queue_.get(); }
  const Log& log() const { return log_; }
  std::atomic<int64_t>& allocations() { return allocations_; }

  /// Keeps the first message of a run, from any thread.
  void report(const char* message);
  int report(
      const Failure& failure);  // the same for a device's failure; returns a halide error code or 0

  std::string error;  // text of the last failed call

 private:
  struct Port {
    const tenfold_port* table = nullptr;
    void* host = nullptr;       // bound by the caller, or
    uint64_t bound_handle = 0;  // bound by the caller on the device
    uint64_t own_handle = 0;    // the device's memory for what is bound on the host
    struct Part {
      halide_buffer_t* buffer;
      int64_t offset_bytes;
    };
    std::vector<Part> parts;  // operands that lie in it; on a device each counts from its base
    bool is_bound() const { return host || bound_handle; }
  };
  struct Step {
    const tenfold_step* table = nullptr;
    void** arguments = nullptr;
  };

  explicit Context(const tenfold_context_options& options);
  Failure prepare_memory();
  Failure prepare_device(const tenfold_context_options& options);
  Failure prepare_device_for_op(const tenfold_context_options& options);
  Failure prepare_steps();
  Failure place(const tenfold_operand& operand, halide_buffer_t& buffer);
  Failure find_port(Side side, uint32_t index, size_t size_bytes, Port*& port);
  Failure run_steps(tenfold_step_fn after, void* user);
  Failure before_step(const tenfold_step& step);
  Failure failure_of(const tenfold_step& step, int code);
  void level_scratch();

  const Network* network_ = nullptr;
  Log log_;
  std::atomic<int64_t> allocations_{0};
  std::unique_ptr<Team> team_;
  Pages arena_;
  std::vector<Port> inputs_, outputs_;
  std::vector<Step> steps_;
  std::vector<halide_buffer_t> buffers_;
  std::vector<halide_dimension_t> dims_;
  std::vector<void*> arguments_;
  void* first_user_context_ = nullptr;  // what every arguments[0] points to

  const DeviceWeights* device_weights_ = nullptr;
  std::shared_ptr<Device> own_device_;  // without a network
  std::unique_ptr<Queue> queue_;
  uint64_t device_arena_ = 0;
  struct Slice {
    int64_t offset_bytes, size_bytes;
    uint64_t handle;
  };
  std::vector<Slice> slices_;  // of the device's arena, by offset

  std::mutex report_mutex_;
  std::string report_;  // of the current run
  bool reported_ = false;
};

/// The operations that kernels reach through their user context.
const tenfold_ops& context_ops();

}  // namespace tenfold::runtime
