// The planner: from a normalised Network to the kernels that it needs (candidate_tasks) and to a
// Plan made of the cheapest of them (make_plan). Layout comes first and is a rule of each tensor
// alone, so that what is tuned is exactly what is planned:
//
//   compose_pointwise, merge_convs, absorb_shuffles, pair_halves -> insert_copies
//   -> absorb_flattens -> layout -> cover -> partition (by the cost handed in) -> memory
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/target.h"
#include "base/task.h"
#include "graph/network.h"
#include "graph/plan.h"

namespace tenfold::graph {

/// How feature maps lie in memory. The defaults come from measurements on Zen 4 (docs/design.md,
/// "pixel strides").
struct LayoutRule {
  int64_t pixel_align = 8;        // pixel strides are rounded up to this many elements ...
  double pixel_slack = 0.125;     // ... where that adds at most this share to the channels
  int64_t conflict_stride = 256;  // pixels a multiple of this apart share few L1 sets (1 KiB) ...
  int64_t conflict_pad = 16;      // ... so their stride gets this much more
  double halo_share =
      1.0;  // a consumer's padding becomes halo when it adds at most this share of the map's
  int64_t halo_bytes =
      512 << 10;  // bytes, or when the map with its halo has at most this many bytes
};

struct PlanOptions {
  std::string name = "network";
  DeviceKind device =
      DeviceKind::cpu;  // on a CPU, operands point at multiples of 64 bytes inside their roots
  LayoutRule layout;
};

/// Seconds that a task takes. Must be the same for equal tasks.
using CostFunction = std::function<double(const Task&)>;

/// An estimate from operations and bytes, for tasks that nobody has measured.
double estimated_seconds(const Task& task);

/// Every task that a plan of this network may use, without repetition, in the order of the network.
/// Errors: unsupported or invalid_model, naming the node.
Result<std::vector<Task>> candidate_tasks(const Network& network, const PlanOptions& options);

/// The cheapest plan. Deterministic. Errors: as candidate_tasks.
Result<Plan> make_plan(const Network& network, const PlanOptions& options,
                       const CostFunction& cost = estimated_seconds);

/// What --explain prints: a line a step with its operator, chain, shapes and memory, then the
/// totals.
std::string describe(const Plan& plan);

}  // namespace tenfold::graph
