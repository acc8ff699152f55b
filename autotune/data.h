// Data that a task's candidates are checked and timed with: seeded inputs and constants, and the
// reference's outputs.
//
// Values are multiples of 1/16 (activations) and 1/8 (constants, then scaled by a power of two to
// keep sums near 1), so that every product and sum of a linear operator is exact in float32
// whatever the order, and a wrong index can't hide in rounding. Roots are laid out as the task's
// views say: zeros in halos, NaNs in every gap, so that a wrong read shows; in outputs every
// element that is not the kernel's to write holds a pattern that the runner looks for afterwards.
#pragma once
#include <vector>

#include "base/task.h"

namespace tenfold::autotune {

struct TaskData {
  std::vector<Array> inputs;  // root images, from the base to the last element that a view reaches
  std::vector<Array> params;  // one a dsl::params(task), in the model's layout
  std::vector<Array> expected;  // root images of the outputs; runner_protocol::untouched_bits where
                                // nothing is written
};

/// Errors: those of dsl::check, unsupported when a view is not float32, failed when the reference
/// is not finite.
Result<TaskData> make_task_data(const Task& task, uint64_t seed);

/// The first input that lies exactly where outputs[output] does in its root, or -1: a plan may then
/// make the two one buffer, so candidates must also be right when they are. See
/// dsl::reads_in_place.
int shared_input(const Task& task, int output);

/// Coordinates of a root's element in the view, such as "[0,3,17,5]"; "outside" when it is no
/// element of the view.
std::string coordinates_text(const View& view, int64_t element);

}  // namespace tenfold::autotune
