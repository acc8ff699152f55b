#include "graph/passes.h"

#include "graph/convolve_pixels.h"
#include "graph/fold_constants.h"
#include "graph/fold_pads.h"
#include "graph/fold_weights.h"
#include "graph/join_gates.h"
#include "graph/lift_stages.h"
#include "graph/lower.h"
#include "graph/recognise_activations.h"
#include "graph/recognise_norms.h"
#include "graph/recognise_patterns.h"
#include "graph/simplify.h"
#include "graph/sum_branches.h"

namespace tenfold::graph {
namespace {

using Pass = Status (*)(Network&);

// Affines are folded before activations are recognised, so that x and the gate of x*gate(x) start
// from the same tensor, and again after it, for the factors that recognition leaves. Channel
// shuffles and normalisations are recognised before functions are lifted into the midst of their
// reshapes, shuffles in a row before simplify joins the reshapes between them, and others after it
// has brought theirs together; an activation of several steps is lifted as one.
constexpr Pass passes[] = {
    lower,
    fold_constants,
    recognise_channel_shuffles,
    simplify,
    recognise_channel_shuffles,
    recognise_norms,
    lift_stages,
    simplify,
    merge_affines,
    fold_affine_after,
    recognise_activations,
    recognise_channel_shuffles,
    lift_stages,
    merge_affines,
    simplify,
    convolve_pixels,
    fold_affine_after,
    fold_pads,
    sum_branches,
    fold_affine_before,
    recognise_channel_shuffles,
    recognise_global_pools,
    join_gates,
    simplify,
};

}  // namespace

std::vector<Unsupported> find_unsupported(const Network& network) {
  return network.unsupported;
}

Status run_passes(Network& network) {
  if (const std::vector<Unsupported> list = find_unsupported(network); !list.empty()) {
    const std::string others = list.size() > 1 ? " (and " + std::to_string(list.size() - 1) +
                                                     " more: tenfold inspect lists them)"
                                               : "";
    return Error{ErrorCode::unsupported, network.file + ": node '" + list[0].node + "' (" +
                                             list[0].op + "): " + list[0].rule + others};
  }
  for (Pass pass : passes) TENFOLD_CHECK(pass(network));
  for (const Node& node : network.nodes)
    if (!in_vocabulary(node.op))
      return Error{ErrorCode::failed,
                   network.file + ": node '" + node.name + "' is left as " + node.op};
  return {};
}

}  // namespace tenfold::graph
