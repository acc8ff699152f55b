// The tensors that a network computes on the way, in the order of its steps, as dense arrays in the
// order in which kernels see them: feature maps are {N, H, W, C}, and a kernel may have cut a
// dimension in two.
#pragma once
#include <string>
#include <vector>

#include "cli/session.h"

namespace tenfold::cli {

struct Layer {
  std::string tensor;  // as the model names it
  Array values;
  bool model_order = false;  // of rank 4 too, as products of matrices leave it
};

/// Runs the bound session once, step by step, and keeps what every step wrote into the arena. The
/// names come from the manifest in `folder`. Errors: corrupt when manifest and library do not fit
/// together.
Result<std::vector<Layer>> run_layers(Session& session, const std::string& folder);

/// The model's array as the layer holds it. Errors: invalid_shape when they differ in size.
Result<Array> in_kernel_order(const Array& values, const Layer& layer);

}  // namespace tenfold::cli
