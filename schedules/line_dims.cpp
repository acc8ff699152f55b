#include "schedules/line_dims.h"

#include <algorithm>

namespace tenfold::schedules {

bool works_on_lines(const Task& task) {
  static const char* const ops[] = {"reduce",  "global_avg_pool", "global_max_pool",
                                    "softmax", "layer_norm",      "instance_norm"};
  return std::find(std::begin(ops), std::end(ops), task.op) != std::end(ops);
}

bool is_reduced(const Task& task, int place) {
  const int rank = static_cast<int>(task.inputs[0].dims.size()), dim = rank - 1 - place;
  if (task.op == "reduce") return task.attrs.get_int("axes", 0) >> dim & 1;
  if (task.op == "softmax") return dim == task.attrs.get_int("axis", rank - 1);
  if (task.op == "layer_norm") return dim >= task.attrs.get_int("axis", rank - 1);
  return dim == 1 || dim == 2;
}

bool keeps_dims(const Task& task) {
  return task.op == "softmax" || task.op == "layer_norm" || task.op == "instance_norm";
}

}  // namespace tenfold::schedules
