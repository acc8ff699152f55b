// One side of a convolution or transposed convolution that goes through Winograd's minimal
// filtering: its tiles, and what each reads.
#pragma once
#include "base/task.h"
#include "dsl/winograd.h"

namespace tenfold::dsl {

/// Tile t of a phase reads inputs t * step on of it, `transforms.input.cols` of them, and makes
/// outputs t * transforms.output.rows on. Input i of phase f is the image's i * phases + f + first.
struct WinogradSide {
  WinogradTransforms transforms;
  int step = 1;
  int first = 0;
  int phases = 1;  // of a dilated convolution: the pixels of equal remainders
};

/// Precondition: `tile` outputs are a multiple of a transposed convolution's stride; those of
/// winograd_transforms and winograd_transposed.
WinogradSide winograd_height(const Task& task, int tile);
WinogradSide winograd_width(const Task& task, int tile);

}  // namespace tenfold::dsl
