// The draws that the table of problems.cpp is made of.
#pragma once
#include "tests/problems.h"

namespace tenfold::testing_support {

// problems_conv.cpp
Problem draw_pointwise(Random& random);
Problem draw_dense(Random& random);
Problem draw_winograd(Random& random);
Problem draw_group(Random& random);
Problem draw_depthwise(Random& random);
Problem draw_dilated(Random& random);
Problem draw_gate(Random& random);
Problem draw_separable(Random& random);
Problem draw_squeeze(Random& random);
Problem draw_conv_transpose(Random& random);
Problem draw_deform(Random& random);
Problem draw_gemm(Random& random);
Problem draw_matmul(Random& random);

// problems_rest.cpp
Problem draw_pool(Random& random);
Problem draw_resize(Random& random);
Problem draw_softmax(Random& random);
Problem draw_lrn(Random& random);
Problem draw_norm(Random& random);
Problem draw_reduce(Random& random);
Problem draw_pad(Random& random);
Problem draw_transpose(Random& random);
Problem draw_shuffle(Random& random);
Problem draw_gather(Random& random);
Problem draw_map(Random& random);

}  // namespace tenfold::testing_support
