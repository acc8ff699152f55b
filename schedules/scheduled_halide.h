// The Halide half of schedules/: a pipeline ready to be compiled.
#pragma once
#include <Halide.h>

#include <vector>

namespace tenfold::schedules {

struct Scheduled {
  Halide::Pipeline pipeline;
  std::vector<Halide::Argument> arguments;  // inputs, params (the outputs follow by themselves)
};

}  // namespace tenfold::schedules
