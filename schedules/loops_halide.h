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

}  // namespace tenfold::schedules
