// instance_norm and group_norm with their statistics row by row, for kernels that read whole rows
// of a map at once.
#pragma once
#include "dsl/algorithm_halide.h"

namespace tenfold::dsl {

/// The model of both. What a row's numbers differ from is the row's own mean, so that a
/// row is read once; Chan et al. 1979 join them: the squares of all are those of the rows and, for
/// each row, its length times the square of what its mean differs by. Funcs, beside "out" {c, x,
/// y, n}:
///   "row_sum", "row_squares"  {c, y, n}, over `columns`
///   "rows"                    {c, y, n}, both
///   "sum", "squares"          {c, n}, over `rows`
///   "group_sum", "group_squares"  {g, n}, over the channels of a group; of group_norm alone
///   "mean", "factor"          {c, n}: out = (x - mean) * factor + shift
struct NormByRows {
  Algorithm algorithm;
  Halide::RDom columns, rows;
};
NormByRows norm_by_rows(const Task& task, const Binding& binding);

}  // namespace tenfold::dsl
