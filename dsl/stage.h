// Stage kinds: the functions that a chain is made of, before or behind any anchor. One table; a row
// has the function in double precision, the same as a Halide expression (dsl/algorithm_halide.h),
// and what it needs.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/task.h"

namespace tenfold::dsl {

enum class StageNeeds {
  nothing,   // a function of the value and the stage's numbers: relu, clip(lo,hi), hard_swish,
             // sigmoid, affine(a,b), ...
  channel1,  // one constant a channel of the output's last dim: bias (x+p), scale (x*p), prelu
  channel2,  // two constants a channel: scale_shift (x*p+q)
  operand,   // a second input, broadcast where its extent is 1: add, sub, mul, div, max, min
};

struct StageKind {
  const char* name;
  StageNeeds needs;
  int value_count;  // how many numbers the stage carries
  bool
      keeps_zero;  // f(0) == 0 whatever its numbers: see keeps_zero(stage) for one with its numbers
  /// x is the chain's value, p and q the constants or (in p) the operand's element.
  double (*reference)(double x, std::span<const double> values, double p, double q);
};

std::span<const StageKind> stage_kinds();
Result<const StageKind*> find_stage(const std::string& name);

/// Constants of a task that one stage of this kind takes: 0, 1 or 2.
int param_count(const StageKind& kind);
int param_count(const std::vector<Stage>& chain);

/// f(0) == 0 with this stage's numbers: a zero halo stays right under it.
bool keeps_zero(const Stage& stage);

}  // namespace tenfold::dsl
