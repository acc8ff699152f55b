// The gate of a Squeeze-and-Excitation block as one kernel (dsl's squeeze_excite): a global average
// pool and the two layers behind it. A candidate only: it competes with the separate form.
#pragma once
#include <optional>

#include "graph/task_builder.h"

namespace tenfold::graph {

/// The candidates of a pool, of the layer that alone reads it and of the layer that alone reads
/// that, with their chains, as one. Layers are pointwise convolutions or fully connected ones.
/// Nothing where they are not that, where a chain between or behind them has an operand, where
/// there are not as many results as channels (a classifier), or on devices other than a CPU.
std::optional<Candidate> squeeze_then_excite(const PlanContext& context, const Candidate& pool,
                                             const Candidate& reduce, const Candidate& excite);

/// The node that makes the tensor, past reshapes that are views and that nothing else reads; -1
/// where there is none.
int maker_past_views(const PlanContext& context, TensorId tensor);

}  // namespace tenfold::graph
