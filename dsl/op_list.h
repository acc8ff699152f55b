// The rows of the operator table, one a file of dsl/. op.cpp puts them in order.
#pragma once
#include "dsl/op.h"

namespace tenfold::dsl {

Op conv2d_op();

}  // namespace tenfold::dsl
