// An engine that operators are compared with, in a process of its own: one of scripts/peers, which
// gets an ONNX model of the problem, or tenfold-onednn-worker, which gets the task and makes
// oneDNN's primitives of it. What it computes is compared with the expected output before it is
// timed.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "cli/child.h"
#include "cli/peer_model.h"

namespace tenfold::cli {

/// Files of one problem that the engines read, made when the first of them asks.
struct PeerData {
  const Problem& problem;
  const autotune::TaskData& data;
  std::string folder;
};

/// Times of single calls, by sample.
struct PeerTimes {
  std::vector<double> warm_ms, cold_ms;  // cold_ms: empty where the constants are out of our reach
};

class OperatorPeer {
 public:
  /// Errors: invalid_argument for an unknown name, unavailable when it is not installed.
  static Result<std::unique_ptr<OperatorPeer>> start(const std::string& name);

  const std::string& name() const { return name_; }

  /// Makes the engine ready for the problem and checks its output. The answer's `note` is text for
  /// the user, `layout_share` the part of its time that changing layouts takes. Errors: unsupported
  /// when the engine has no such operator; failed, also when its output is off.
  Result<nlohmann::json> load(const PeerData& data, int threads);

  /// Precondition: load has succeeded. Adds samples, each of calls that take about sample_ns.
  Status time(int samples, int64_t sample_ns, PeerTimes& times);

 private:
  explicit OperatorPeer(std::string name) : name_(std::move(name)) {}
  Status ensure_running();
  Result<nlohmann::json> load_model(const PeerData& data, int threads);
  Result<nlohmann::json> load_task(const PeerData& data, int threads);

  std::string name_;
  std::unique_ptr<Child> child_;
  double call_ms_ = 0;  // about
};

}  // namespace tenfold::cli
