// The arrays of a network's ports: from .npy files, or made up.
#pragma once
#include <string>
#include <vector>

#include "base/types.h"
#include "cli/session.h"

namespace tenfold::cli {

/// Reads each NAME=FILE of `given` and checks it against its port; then every port must have one.
/// Errors: those of read_npy; invalid_argument for a name that is no input, given twice or missing;
/// invalid_shape.
Result<std::vector<Array>> read_inputs(const std::vector<PortInfo>& ports,
                                       const std::vector<std::string>& given);

/// As read_inputs, but ports that are not given get values from the seed: floats uniform in [-1,
/// 1), integers 0.
Result<std::vector<Array>> read_or_make_inputs(const std::vector<PortInfo>& ports,
                                               const std::vector<std::string>& given,
                                               uint64_t seed);

/// How far two arrays of one shape lie apart. NaN or infinity on either side counts as infinitely
/// far, unless both sides hold the same infinity.
struct Difference {
  double max_abs = 0;
  double max_rel = 0;  // |got - want| / max(1, |want|)
  int64_t index = 0;   // of max_rel, in the flattened array
  double got = 0, want = 0;
  double scale = 0;  // largest finite |want|
};
Result<Difference> compare(const Array& got, const Array& want);

}  // namespace tenfold::cli
