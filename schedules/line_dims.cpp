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

bool finds_place(const Task& task) {
  return task.op == "reduce" && task.attrs.get_int("kind", 0) >= 8;
}

Lines lines_of(const Task& task) {
  const View& in = task.inputs[0];
  const int rank = static_cast<int>(in.dims.size());
  const auto extent = [&](int j) { return in.dims[rank - 1 - j]; };
  const auto stride = [&](int j) { return in.strides[rank - 1 - j]; };
  Lines lines;
  std::vector<int> all;
  for (int j = 0; j < rank; ++j) {
    if (is_reduced(task, j))
      lines.reduced.push_back(j);
    else if (extent(j) > 1)
      lines.kept.push_back(j);
    if (extent(j) > 1) all.push_back(j);
  }
  const auto nearer = [&](int a, int b) { return stride(a) < stride(b); };
  std::stable_sort(lines.kept.begin(), lines.kept.end(), nearer);
  std::stable_sort(all.begin(), all.end(), nearer);
  lines.dense = all.empty() ? lines.reduced[0] : all[0];
  lines.along = is_reduced(task, lines.dense);
  lines.extent = extent(lines.dense);
  for (const int j : lines.kept) lines.lines *= extent(j);
  return lines;
}

int64_t outermost_extent(const Task& task, const Lines& lines) {
  return task.inputs[0].dims[task.inputs[0].dims.size() - 1 - lines.reduced.back()];
}

}  // namespace tenfold::schedules
