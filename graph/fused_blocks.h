// Depthwise and pointwise convolutions that follow each other, as one kernel of several operators
// (dsl's depthwise_pointwise and inverted_residual). Candidates only: they compete with the
// separate forms.
#pragma once
#include <optional>

#include "graph/task_builder.h"

namespace tenfold::graph {

/// The candidates of a depthwise convolution and of the pointwise one that alone reads it, with
/// their chains, as one. Nothing where they are not that, where a chain but the last has an
/// operand, where what stands between them fits into a cache anyway, or on devices other than a
/// CPU.
std::optional<Candidate> depthwise_then_pointwise(const PlanContext& context,
                                                  const Candidate& depthwise,
                                                  const Candidate& pointwise);

/// The same with the pointwise convolution `expand` before them, which the depthwise one alone
/// reads.
std::optional<Candidate> expand_depthwise_project(const PlanContext& context,
                                                  const Candidate& expand,
                                                  const Candidate& depthwise,
                                                  const Candidate& pointwise);

}  // namespace tenfold::graph
