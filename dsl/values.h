// Walking dense arrays of any rank: what the plain references are written with.
#pragma once
#include <cstdint>

#include "dsl/op.h"

namespace tenfold::dsl {

/// Position of an index in a dense row-major array of these dims. An extent of 1 is broadcast; a
/// shorter rank is aligned to the right.
inline int64_t position(const Dims& dims, const Dims& index) {
  int64_t at = 0;
  const size_t skip = index.size() - dims.size();
  for (size_t i = 0; i < dims.size(); ++i) at = at * dims[i] + (dims[i] == 1 ? 0 : index[skip + i]);
  return at;
}

/// Calls visit(index) for every index of the dims, row-major.
template <class Visit>
void for_each_index(const Dims& dims, Visit visit) {
  Dims index(dims.size(), 0);
  while (true) {
    visit(static_cast<const Dims&>(index));
    size_t d = dims.size();
    while (d > 0 && ++index[d - 1] == dims[d - 1]) index[--d] = 0;
    if (d == 0) return;
  }
}

}  // namespace tenfold::dsl
