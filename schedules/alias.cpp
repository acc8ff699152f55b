#include "schedules/alias.h"

namespace tenfold::schedules {

bool may_alias(const Task& task, size_t first) {
  for (const View& out : task.outputs)
    for (size_t i = first; i < task.inputs.size(); ++i) {
      const View& in = task.inputs[i];
      if (in.type == out.type && in.dims == out.dims && in.strides == out.strides &&
          in.offset == out.offset)
        return true;
    }
  return false;
}

}  // namespace tenfold::schedules
