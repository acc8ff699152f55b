// The Halide half of dsl/: what an operator's algorithm is built from and what it gives a schedule
// to order. Only .cpp files of dsl/, schedules/ and codegen/ include this (the suffix _halide says
// so).
#pragma once
#include <Halide.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/packing.h"
#include "base/task.h"

namespace tenfold::dsl {

/// A kernel's arguments. Inputs and outputs carry their views' bounds and strides as constants
/// (base/buffer_layout.h); params are dense arrays in packed form, and are read only through
/// `param_at`.
struct Binding {
  std::vector<Halide::ImageParam> inputs;
  std::vector<Halide::ImageParam> params;
  /// The element of param `index` at the model's coordinates (conv2d's weights: {k, c, r, s}),
  /// wherever packing put it.
  std::function<Halide::Expr(int index, const std::vector<Halide::Expr>& coordinates)> param_at;
};

/// Arguments for a task whose params are packed so. Precondition: one packing a param.
Binding bind(const Task& task, const std::vector<Packing>& packings);

/// Named Funcs of a task, dims innermost first ({c, x, y, n} for feature maps).
///   "out"   outputs[0], the chain's end ("out1", ... further ones)
///   "acc"   the anchor's reduction, where it has one (one update over `reduction`)
///   "load"  what the anchor reads, where a prologue or a mask stands before it; absent when it
///   reads the input itself
/// Operators may name more; their header comment says so.
struct Algorithm {
  std::map<std::string, Halide::Func> funcs;
  Halide::RDom reduction;  // outermost dim last, as the operator's header comment lists it
  std::vector<Halide::Func> outputs;
};

/// Constrains an output Func to its view's logical box and strides. A buffer that is wider than the
/// box (a slice with an offset, a halo) keeps its bounds open: they are read from the argument.
/// Pipelines of such outputs end through schedules' `finish`, which keeps Halide's checks from
/// asking for the whole buffer.
void constrain_output(Halide::Func out, const View& view);

/// Where a task's constants for its prologue and its epilogue begin in the binding's params.
int first_prologue_param(const Task& task);
int first_epilogue_param(const Task& task);

/// Applies the chain `stages` to `value` at the coordinates (innermost first). `first_param` is the
/// index of the chain's first constant in the binding.
Halide::Expr apply_chain(const std::vector<Stage>& stages, Halide::Expr value,
                         const std::vector<Halide::Expr>& coordinates, const Task& task,
                         const Binding& binding, int first_param);

/// The anchor may read inputs[0] itself, without a mask, `reach` pixels beyond the image: the halo is
/// that wide, and zero stays zero under the prologue there.
bool halo_serves(const Task& task, const Halo& reach);

/// inputs[0] as the anchor reads it at {c, x, y, n}: prologue applied, and zero outside the image.
/// When the view's halo covers `reach` on every side and the prologue keeps zero, that is the input
/// itself: no mask, and *masked is false.
Halide::Func padded_load(const Task& task, const Binding& binding, const Halo& reach, bool* masked);

}  // namespace tenfold::dsl
