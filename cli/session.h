// A compiled library opened through the runtime's C interface, as any user's program would.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/types.h"
#include "tenfold/tenfold.h"

namespace tenfold::cli {

/// What a user finds in a status of the C interface: the same kinds of error as everywhere else.
Error from_runtime(tenfold_status status, const std::string& subject, const char* text);

struct PortInfo {
  std::string name;
  DType type = DType::f32;
  Dims dims;
};

/// An open network and one context of it.
class Session {
 public:
  /// `target` empty: the best that this machine runs; threads 0: one a core.
  /// check_weights: reads all weights and compares them with the hash that the library holds.
  static Result<Session> open(const std::string& folder, const std::string& target, int threads,
                              bool check_weights = false);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) = delete;
  ~Session();

  const std::vector<PortInfo>& inputs() const { return inputs_; }
  const std::vector<PortInfo>& outputs() const { return outputs_; }
  std::string name() const;
  std::string target() const;

  /// One array an input, in order; types and dims must be the ports'. The arrays are read in place
  /// and must outlive the runs.
  Status bind(const std::vector<Array>& inputs, std::vector<Array>& outputs);
  Status run();
  Status run_steps(tenfold_step_fn after, void* user);
  tenfold_memory memory() const;
  /// Bytes of the context's arena as they are now, from the device where it has one.
  Status read_arena(int64_t offset_bytes, void* data, size_t size_bytes);

 private:
  Session() = default;
  Status check(tenfold_status status) const;
  std::string folder_;
  tenfold_network* network_ = nullptr;
  tenfold_context* context_ = nullptr;
  std::vector<PortInfo> inputs_, outputs_;
};

/// Zero-filled arrays, one a port.
std::vector<Array> make_arrays(const std::vector<PortInfo>& ports);

}  // namespace tenfold::cli
