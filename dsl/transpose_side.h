// The arithmetic of a transposed convolution along one side, phase by phase: which taps reach an
// output, and from where.
#pragma once
#include "base/task.h"

namespace tenfold::dsl {

/// Output o = stride*w + q takes tap t of input i where i*stride + t*dilation == o + before. With g
/// = gcd(stride, dilation), places q whose q + before is no multiple of g take none; the others, u
/// = (q + before) / g, fall into `phases` = stride/g classes p = u mod phases. Tap number j of a
/// phase is t = first_tap(p) + phases*j, at input w + u/phases + shift(p) - j*dilation/g. Each
/// place is a dense product: no multiplication by the zeros between the inputs. Source: Shi et al.
/// 2016, "Is the deconvolution layer the same as a convolutional layer?".
struct TransposeSide {
  int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, before = 0, after = 0,
          output_pad = 0;
  int64_t common() const;  // g
  int64_t phases() const;
  int64_t taps_each() const;  // the most taps that a phase has
  int64_t step() const;       // dilation / g
  int64_t first_tap(int64_t phase) const;
  int64_t shift(int64_t phase) const;
  /// first_tap(p) = p*multiplier mod phases.
  int64_t multiplier() const;
  /// ceil(out / stride)
  int64_t wholes() const;
  /// The smallest and largest input index that a tap of `wholes` whole strides falls on, inside the
  /// image or not.
  std::pair<int64_t, int64_t> range() const;
};

TransposeSide transpose_height(const Task& task);
TransposeSide transpose_width(const Task& task);

/// How far beyond inputs[0] a transposed convolution reads.
Halo transpose_reach(const Task& task);

}  // namespace tenfold::dsl
