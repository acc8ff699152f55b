// merge_convs: narrow convolutions over the same input become one.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// Convolutions without groups that read the same tensor through the same window, each with
/// channels that do not fill its last vector, become one convolution, of whose output each is a
/// slice (a view): a deformable convolution's offsets and mask, 18 and 9 channels, take four
/// vectors of 8 lanes instead of five. What stood behind one of them in its kernel, a function, is
/// then a kernel of its own; that must cost less than the vectors save. Left alone are those whose
/// output is the network's, or goes where a part of a tensor could not stand (a concatenation, a
/// reshape).
Status merge_convs(Network& network);

}  // namespace tenfold::graph
