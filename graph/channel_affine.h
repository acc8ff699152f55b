// y = scale * x + shift, the same for all elements or one pair a channel: what batch normalisation,
// biases and learnable affine blocks all are, so that passes can compose and fold them in double
// precision.
#pragma once
#include <optional>
#include <vector>

#include "graph/edit.h"

namespace tenfold::graph {

struct ChannelAffine {
  std::vector<double> scale, shift;  // both of size 1, or both of the number of channels

  double scale_at(int64_t channel) const { return scale[scale.size() == 1 ? 0 : channel]; }
  double shift_at(int64_t channel) const { return shift[shift.size() == 1 ? 0 : channel]; }
  bool is_identity() const;  // to within float32
  bool is_scaling() const;   // every shift is 0
};

/// What an affine, neg, bias, scale or scale_shift node computes; nothing for other ops.
std::optional<ChannelAffine> affine_of(const Editor& editor, const Node& node);

/// What an add, sub, mul or div of a computed tensor of rank 4 with a constant along its last dim
/// alone computes there; nothing for others. (Along the channels it would be a bias or a scale.)
std::optional<ChannelAffine> last_dim_affine(const Editor& editor, const Node& node);

/// second(first(x)).
ChannelAffine compose(const ChannelAffine& second, const ChannelAffine& first);

/// Makes `node` (with its output) compute this over `x`, under the simplest op that does.
void set_affine(Editor& editor, int node, TensorId x, const ChannelAffine& affine);

/// The dim that channels run along: 1 of rank 4, else the last.
size_t channel_dim(const Dims& dims);

}  // namespace tenfold::graph
