// evaluate.cpp's parts: one function an operator family. Each fills a value whose dims are already
// the output's.
#pragma once
#include <span>

#include "graph/evaluate.h"

namespace tenfold::graph {

// evaluate_windows.cpp
void evaluate_conv(const Node& node, std::span<const Value> in, Value& out);
void evaluate_conv_transpose(const Node& node, std::span<const Value> in, Value& out);
void evaluate_deform_conv(const Node& node, std::span<const Value> in, bool masked, Value& out);
void evaluate_pool(const Node& node, const Value& x, Value& out);
void evaluate_lrn(const Node& node, const Value& x, Value& out);

// evaluate_resize.cpp
void evaluate_resize(const Node& node, const Value& x, Value& out);

// evaluate_stages.cpp: true when the op is a function of x and its numbers, of channels, or of two
// tensors
bool evaluate_stage(const Node& node, std::span<const Value> in, Value& out);

}  // namespace tenfold::graph
