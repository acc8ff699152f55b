// Which dimensions of a view the operators that work on whole lines reduce: reductions, global
// pools, softmax, layer and instance normalisation.
#pragma once
#include "base/task.h"

namespace tenfold::schedules {

/// The operator is one of those.
bool works_on_lines(const Task& task);

/// The dimension `place` places from the innermost is reduced. Precondition: works_on_lines(task).
bool is_reduced(const Task& task, int place);

/// The output has the reduced dimensions at full extent: softmax and the normalisations.
bool keeps_dims(const Task& task);

}  // namespace tenfold::schedules
