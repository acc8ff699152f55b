// The Halide half of loops.h.
#pragma once
#include "dsl/algorithm_halide.h"
#include "schedules/loops.h"

namespace tenfold::schedules {

struct RowLoops {
  Halide::Var block;  // the innermost loop around a tile: where accumulators are computed
  Halide::Var row;    // the outermost loop inside a thread's run of rows
};

/// parallel runs of rows: for row: for tiles of the next dimension: for block: [a tile, unrolled:
/// vectors]
RowLoops order_rows(Halide::Func out, const LoopOrder& order, const Config& config, Tail tail);

/// The same tile for a Func computed inside `block`, whose variables begin as the output's do: its
/// pure definition, and, where it has one, its update, with the reduction around the tile or, with
/// `unroll_reduction`, unrolled as well.
void order_tile(Halide::Func acc, const Halide::RDom& reduction, const LoopOrder& order,
                const Config& config, bool unroll_reduction);

/// A sum along one dimension of a matrix product, on accumulators in registers.
struct RegisterSum {
  Halide::RVar k;
  int lanes, vectors;
  int chains = 1;                   // partial sums side by side, added up at the end
  int run = 0;                      // each chain's part of k, in one piece; 0: chains take turns
  std::vector<Halide::Var> rows{};  // of acc, unrolled: a tile of lanes x vectors x rows
};

/// acc, whose first variable is the vectors', computed at `where` in `out`: [acc = 0; for k: for
/// chains: acc += ...]
void sum_in_registers(Halide::Func acc, const Halide::Func& out, const Halide::Var& where,
                      const RegisterSum& sum);

}  // namespace tenfold::schedules
