// Pass: normalisations that a model spells out step by step, as exporters do that lack the
// operator.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) becomes a layer_norm where the means are
/// over the last dim, or over the channels of a feature map (between two transposes), and an
/// instance_norm where they are over its pixels; an instance_norm of groups of channels, between two
/// reshapes, becomes a group_norm; factors and summands behind it that are constants
/// along the normalised dim or the channels become its scale and shift.
Status recognise_norms(Network& network);

}  // namespace tenfold::graph
