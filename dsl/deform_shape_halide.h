// What the forms of a deformable convolution share: its sizes, and where a moved tap reads.
#pragma once
#include "dsl/algorithm_halide.h"
#include "dsl/window.h"

namespace tenfold::dsl {

struct DeformShape {
  Window w;
  int64_t groups, offset_groups, group_c, group_k, offset_c, taps;
  bool masked;
};
DeformShape deform_shape(const Task& task);
/// inputs[2] is the mask, unless a stage claims it as its operand.
bool has_deform_mask(const Task& task);

/// The four pixels between which a tap of an offset group lies, and their bilinear weights, the
/// mask in them; a pixel outside of the image has the weight 0 and the coordinates of one inside.
struct Corners {
  Halide::Expr x0, x1, y0, y1;
  Halide::Expr w00, w01, w10, w11;  // row, column
};
Corners corners_at(const Task& task, const Binding& binding, const Halide::Expr& tap,
                   const Halide::Expr& offset_group, const Halide::Expr& x, const Halide::Expr& y,
                   const Halide::Expr& n);

/// The moved tap of channel c: weighted sum of the corners, the prologue applied to each.
Halide::Expr sampled_at(const Task& task, const Binding& binding, const Corners& corners,
                        const Halide::Expr& c, const Halide::Expr& n);

}  // namespace tenfold::dsl
