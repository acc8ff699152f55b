// The seams of the tuner: who proposes, who builds, who runs, who remembers. The tuner (tuner.h) is
// a loop over these; each may be replaced without touching the others.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "autotune/trial.h"
#include "schedules/space.h"

namespace tenfold::autotune {

/// Proposes configs for one task. Deterministic in its seed.
class SearchStrategy {
 public:
  virtual ~SearchStrategy() = default;
  /// Up to `count` configs not proposed before; empty when the space is exhausted.
  virtual std::vector<Config> propose(int count) = 0;
  /// Reports a trial, proposed here or read from the database.
  virtual void observe(const Trial& trial) = 0;
};

/// Predicts how good a config is; lower is better, in no unit. May be absent (null) everywhere.
class CostModel {
 public:
  virtual ~CostModel() = default;
  virtual std::vector<double> predict(const Task& task, const Target& target,
                                      std::span<const Config> configs) = 0;
  virtual void update(const Task& task, const Target& target, std::span<const Trial> trials) = 0;
};

/// A built candidate: an object file that the runner loads.
struct Candidate {
  Config config;
  std::string symbol;
  std::string object_path;
  int64_t scratch_bytes = 0;
};

/// Builds candidates asynchronously (codegen::BuilderPool behind it). One result for each submit,
/// in any order.
class Builder {
 public:
  virtual ~Builder() = default;
  /// Queues a build and returns its ticket.
  virtual int submit(const Task& task, const Target& target, const Config& config) = 0;
  struct Built {
    int ticket = 0;
    Config config;
    Result<Candidate> candidate;
  };
  virtual Built wait() = 0;  // precondition: pending() > 0
  virtual int pending() const = 0;
};

/// What the disassembled object says about a candidate: legality, and features of the cost model.
struct CodeFacts {
  int64_t code_bytes = 0;
  int spill_stores = 0;                     // vector registers stored to the stack inside loops
  int spill_reloads = 0;                    // and read from it again, as operands of arithmetic too
  std::vector<std::string> external_calls;  // beside the runtime's own: expf, memcpy, ...
};

struct Measurement {
  TrialStatus status = TrialStatus::ok;
  std::string reason;
  bool about_candidate =
      true;  // false: cancelled, or the runner itself failed; no trial to be kept
  std::vector<int64_t> samples_ns;
  CodeFacts code;
};

/// A thorough measurement has at least so many samples, another one fewer: so a trial shows which
/// it was.
constexpr size_t thorough_samples = 9;

struct MeasureOptions {
  double best_ns =
      0;  // best median so far; a candidate that is clearly slower gets few samples. 0: none
  bool thorough = false;  // the last measurement of a winner: more samples, nothing cut short
};

/// Checks a candidate against the expected output and, when it is right, times it; in another
/// process, which may die.
class Runner {
 public:
  virtual ~Runner() = default;
  /// Must be called before measuring candidates of another task: hands over inputs, constants,
  /// expected outputs.
  virtual Status prepare(const Task& task, const Target& target, int threads) = 0;
  virtual Measurement measure(const Candidate& candidate, const MeasureOptions& options = {}) = 0;
};

/// The key that every trial matches.
inline TrialKey any_key() {
  TrialKey key;
  key.threads = 0;
  return key;
}

/// Trials that outlive the process. In a key that is asked for, an empty text or a 0 matches
/// everything.
class Database {
 public:
  virtual ~Database() = default;
  /// What has returned survives a kill of the program. A trial that is there already is kept once.
  virtual Status insert(const Trial& trial) = 0;
  virtual Result<std::vector<Trial>> trials(const TrialKey& key) = 0;
  /// The winner among trials(key) whose space_version is their space's present one; see winner() in
  /// winner.h.
  virtual Result<std::optional<Trial>> best(const TrialKey& key) = 0;
};

}  // namespace tenfold::autotune
