// Pass: activations that an exporter took apart become one node again.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// hard-sigmoid: s*clip(a*x + b, l, h) + t in any spelling whose result runs from 0 to 1; softplus:
/// log(1 + exp(x)); hard-swish, silu (also x*sigmoid(c*x)), mish, gelu (erf and tanh forms): x
/// times the matching gate, constants anywhere in the product. Numbers may be off by 3e-6 of their
/// size, which is how exporters print them. A constant factor that is left over follows as an
/// affine. Sources: Howard et al. 2019 (hard-swish), Hendrycks & Gimpel 2016 (gelu), Misra 2019
/// (mish).
Status recognise_activations(Network& network);

}  // namespace tenfold::graph
