// Which dimensions of a view the operators that work on whole lines reduce: reductions, global
// pools, softmax, layer and instance normalisation.
#pragma once
#include <vector>

#include "base/task.h"

namespace tenfold::schedules {

/// The operator is one of those.
bool works_on_lines(const Task& task);

/// The dimension `place` places from the innermost is reduced. Precondition: works_on_lines(task).
bool is_reduced(const Task& task, int place);

/// A reduction to the place of the largest or smallest element.
bool finds_place(const Task& task);

/// The output has the reduced dimensions at full extent: softmax and the normalisations.
bool keeps_dims(const Task& task);

/// Dimensions by their place counted from the innermost of the view.
struct Lines {
  std::vector<int> reduced, kept;  // kept: those whose extent exceeds 1, near to far
  int dense = 0;                   // the one with the shortest stride
  bool along = false;              // it is reduced
  int64_t extent = 1;              // of the dense one
  int64_t blocks(int64_t width) const {
    return along ? lines : lines / extent * ((extent + width - 1) / width);
  }
  int64_t lines = 1;
};

/// Precondition: works_on_lines(task).
Lines lines_of(const Task& task);

/// The extent of the reduced dimension that is cut into parts, the outermost.
int64_t outermost_extent(const Task& task, const Lines& lines);

}  // namespace tenfold::schedules
