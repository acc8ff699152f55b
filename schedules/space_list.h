// The rows of the space table, one a file of schedules/. space.cpp puts them in order.
#pragma once
#include "schedules/space.h"

namespace tenfold::schedules {

Space conv_winograd_space();
Space conv_depthwise_space();
Space conv_grouped_space();
Space conv_direct_space();
Space conv_plain_space();
Space gemm_space();
Space gemv_space();
Space matmul_space();
Space conv_transpose_space();
Space deform_space();
Space conv_fused_space();
Space squeeze_excite_space();
Space instance_norm_space();
Space lines_space();
Space rows_space();
Space gpu_plain_space();

}  // namespace tenfold::schedules
