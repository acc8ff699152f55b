// What every operator's Halide algorithm begins and ends with: reading the anchor's operands, and
// the chain behind it.
#pragma once
#include <vector>

#include "dsl/algorithm_halide.h"

namespace tenfold::dsl {

/// Variables of a view, innermost first: c, x, y, n for four dims, else d0, d1, ...
std::vector<Halide::Var> vars_of(const View& view);

/// The same as expressions.
std::vector<Halide::Expr> exprs_of(const std::vector<Halide::Var>& vars);

/// Coordinates in `in` of the element that is broadcast to coordinates in `out`, both innermost
/// first.
std::vector<Halide::Expr> broadcast(const View& in, const View& out,
                                    std::vector<Halide::Expr> coordinates);

/// inputs[0]'s element with the prologue applied; coordinates innermost first, one a dim of that
/// input.
Halide::Expr anchor_input(const Task& task, const Binding& binding,
                          const std::vector<Halide::Expr>& coordinates);

/// The same as a Func of its own, to be inlined, for what is summed: where the prologue ends in a
/// minus, a sum of expressions would become a difference, which Halide does not take for
/// associative.
Halide::Func summand(const Task& task, const Binding& binding);

/// A stage kind that needs only its argument and numbers, as an anchor's own function: exp, log,
/// sqrt, pow, abs.
Halide::Expr function(const char* kind, Halide::Expr x, std::vector<double> values = {});

/// Adds "out": the epilogue applied to the anchor's value at `vars`, constrained to outputs[0].
void finish(Algorithm& algorithm, const Task& task, const Binding& binding,
            const std::vector<Halide::Var>& vars, Halide::Expr value);

}  // namespace tenfold::dsl
