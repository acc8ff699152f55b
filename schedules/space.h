// Space: one way to compute a family of tasks, with its knobs. A space is axes, legality, a default
// computed from the shape and the target, how constants are packed, and how a config is applied to
// the algorithm. One file a space; the table in space.cpp lists them, the plainest last, so that
// every task that passes dsl::check has at least one on every kind of target. A config names its
// space in `algorithm`: the first axis of the whole search.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/packing.h"
#include "base/target.h"
#include "base/task.h"

namespace tenfold::schedules {

struct Scheduled;  // schedules/scheduled_halide.h

struct Axis {
  std::string name;
  std::vector<int64_t> values;  // distinct, in an order in which neighbours are alike
};

struct Space {
  const char* name;  // Config::algorithm
  int version;  // raised when a config's meaning or its code changes: old records no longer match
  bool (*serves)(const Task& task, const Target& target);
  std::vector<Axis> (*axes)(const Task& task, const Target& target);
  /// invalid_argument with the rule that the config breaks (a tile that must spill, a tail that an
  /// in-place task forbids).
  Status (*legal)(const Task& task, const Target& target, const Config& config);
  /// A legal config that is good without a trial.
  Config (*initial)(const Task& task, const Target& target);
  /// One packing a param of dsl::params(task).
  std::vector<Packing> (*packing)(const Task& task, const Target& target, const Config& config);
  /// Algorithm and schedule. Precondition: legal.
  Scheduled (*apply)(const Task& task, const Target& target, const Config& config);
  /// Bound on the relative L2 error against exact arithmetic with inputs of order 1, beyond that of
  /// a plain sum. Null: none.
  double (*extra_error)(const Task& task, const Config& config);
  /// What one core takes for a legal config whose constants are cold, in cycles, where spaces
  /// compete for the untuned choice. Null: the space competes with none.
  double (*cycles)(const Task& task, const Target& target, const Config& config) = nullptr;
};

std::span<const Space> spaces();
Result<const Space*> find_space(const std::string& algorithm);

/// The spaces that serve a task, in table order: never empty for a task that passes dsl::check.
std::vector<const Space*> spaces_for(const Task& task, const Target& target);

/// Whether the space's extra_error is at most `bound`.
bool accurate(const Task& task, const Config& config, double bound);

/// What is allowed unless the user says otherwise: F(4, 3) is, F(6, 3) is not.
inline constexpr double default_accuracy = 2e-5;

/// The untuned choice: the default of the first space that serves and whose default is accurate;
/// where that space estimates cycles, the cheapest of the defaults that do.
Config initial_config(const Task& task, const Target& target, double accuracy = default_accuracy);

/// The config's space exists, serves the task, each value is on its axis, and the space calls it
/// legal.
Status check(const Task& task, const Target& target, const Config& config);

/// How far a kernel's output may lie from the f64 reference: |got - want| <= absolute + relative *
/// |want|, with unit-scale data. Derived in tolerance.cpp from the reduction length and the space's
/// extra_error.
struct Tolerance {
  double absolute, relative;
};
Tolerance tolerance(const Task& task, const Config& config);

}  // namespace tenfold::schedules
