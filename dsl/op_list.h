// The rows of the operator table, one a file of dsl/. op.cpp puts them in order.
#pragma once
#include "dsl/op.h"

namespace tenfold::dsl {

Op conv2d_op();
Op conv_transpose2d_op();
Op deform_conv2d_op();
Op gemm_op();
Op matmul_op();
Op max_pool2d_op();
Op avg_pool2d_op();
Op lp_pool2d_op();
Op global_avg_pool_op();
Op global_max_pool_op();
Op reduce_op();
Op softmax_op();
Op resize2d_op();
Op lrn_op();
Op layer_norm_op();
Op instance_norm_op();
Op group_norm_op();
Op map_op();
Op transpose_op();
Op pad_op();
Op gather_op();
Op gather_channels_op();
Op depthwise_pointwise_op();
Op inverted_residual_op();
Op squeeze_excite_op();

}  // namespace tenfold::dsl
