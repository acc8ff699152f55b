// Passes: per-channel affine functions disappear into the weights of the convolution or gemm next
// to them, computed in double and rounded once. Batch normalisation is such a function (Ioffe &
// Szegedy 2015; folding: Jacob et al. 2018, 3.2).
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// affine, bias, scale and scale_shift nodes that follow one another, without other uses between,
/// become one.
Status merge_affines(Network& network);

/// f(conv(x)) becomes conv(x) with weights and bias changed, where nothing else reads the
/// convolution's result. For conv2d, conv_transpose2d, deform_conv2d and gemm.
Status fold_affine_after(Network& network);

/// conv(f(x)) becomes conv(x) where nothing else reads f(x): always for a scaling, and with a shift
/// where no padding is read (padding is zero after f, not before). For conv2d and gemm.
Status fold_affine_before(Network& network);

}  // namespace tenfold::graph
