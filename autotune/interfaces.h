// The seams of the tuner: who proposes, who builds, who runs, who remembers. The tuner (tuner.h) is a loop over these;
// each may be replaced without touching the others.
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
  virtual std::vector<double> predict(const Task& task, const Target& target, std::span<const Config> configs) = 0;
  virtual void update(const Task& task, const Target& target, std::span<const Trial> trials) = 0;
};

/// A built candidate: an object file that the runner loads.
struct Candidate {
  Config config;
  std::string symbol;
  std::string object_path;
  int64_t scratch_bytes = 0;
};

/// Builds candidates asynchronously (codegen::BuilderPool behind it). One result for each submit, in any order.
class Builder {
 public:
  virtual ~Builder() = default;
  virtual void submit(const Task& task, const Target& target, const Config& config) = 0;
  struct Built {
    Config config;
    Result<Candidate> candidate;
  };
  virtual Built wait() = 0;  // precondition: pending() > 0
  virtual int pending() const = 0;
};

struct Measurement {
  TrialStatus status = TrialStatus::ok;
  std::string reason;
  std::vector<int64_t> samples_ns;
};

/// Checks a candidate against the expected output and, when it is right, times it; in another process, which may die.
class Runner {
 public:
  virtual ~Runner() = default;
  /// Must be called before measuring candidates of another task: hands over inputs, constants, expected outputs.
  virtual Status prepare(const Task& task, const Target& target, int threads) = 0;
  virtual Measurement measure(const Candidate& candidate) = 0;
};

/// Trials that outlive the process.
class Database {
 public:
  virtual ~Database() = default;
  virtual Status insert(const Trial& trial) = 0;                 // durable when it returns
  virtual Result<std::vector<Trial>> trials(const TrialKey& key) = 0;  // any space_version equal to the key's, or all if it is 0
  virtual Result<std::optional<Trial>> best(const TrialKey& key) = 0;  // lowest median among ok; checks the space's version itself
};

}  // namespace tenfold::autotune
