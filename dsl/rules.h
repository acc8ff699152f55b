// Rules that many operators share, as errors in one line: "max_pool2d: stride 0x1 must be
// positive"; and what rows of the table have in common.
#pragma once
#include <string>

#include "dsl/op.h"

namespace tenfold::dsl {

/// invalid_shape with the operator's name and the rule's words, unless ok.
Status rule(bool ok, const Task& task, const std::string& words);

/// At least `inputs` inputs and one output, every view of float32 with as many strides as dims and
/// extents of at least 1, and of rank `rank` where that is not 0 (the anchor's own inputs and the
/// output alone).
Status check_views(const Task& task, size_t inputs, size_t rank);

/// The output's dims are exactly these.
Status check_output(const Task& task, const Dims& want);

/// The attribute is a whole number from low to high.
Status check_attr(const Task& task, const std::string& name, double otherwise, int64_t low,
                  int64_t high);

/// Of operators without constants, and of those that only move elements (Op::params, Op::flops).
std::vector<Param> no_params(const Task& task);
double no_flops(const Task& task);

}  // namespace tenfold::dsl
