#include "graph/task_attrs.h"

#include "graph/strides.h"

namespace tenfold::graph {
namespace {

int64_t view_axes(int64_t mask, size_t rank) {
  int64_t result = 0;
  for (size_t d = 0; d < rank; ++d)
    if (mask >> d & 1) result |= int64_t{1} << view_dim(rank, static_cast<int>(d));
  return result;
}

// begin2 of a rank-4 pad is begin1 in view order.
std::string view_name(const std::string& name, size_t rank) {
  for (const char* prefix : {"begin", "end"})
    if (const std::string word = prefix; name.starts_with(word) && name.size() == word.size() + 1)
      return word + std::to_string(view_dim(rank, name.back() - '0'));
  return name;
}

}  // namespace

Attrs task_attrs(const Node& node, size_t rank) {
  Attrs attrs;
  for (const auto& [name, value] : node.attrs) {
    if (const auto* integer = std::get_if<int64_t>(&value)) {
      if (rank != 0 && name == "axis")
        attrs.set(name, view_dim(rank, static_cast<int>(*integer)));
      else if (rank != 0 && name == "axes")
        attrs.set(name, static_cast<double>(view_axes(*integer, rank)));
      else
        attrs.set(view_name(name, rank), static_cast<double>(*integer));
    } else if (const auto* number = std::get_if<double>(&value)) {
      attrs.set(view_name(name, rank), *number);
    }
  }
  return attrs;
}

}  // namespace tenfold::graph
