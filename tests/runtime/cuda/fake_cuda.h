// What tests see of fake_cuda.cpp: a driver whose device memory is the host's and whose two kernels
// are C++.
#pragma once
#include <string>

struct FakeCuda {
  std::string log;  // a line a call that matters, in order
  int live = 0;     // allocations, streams, modules and context references not given back
  int pushed = 0;   // depth of the stack of contexts
  int capability = 90;
  std::string failing;  // a function's name: its next call fails with out of memory
};

extern "C" FakeCuda& fake_cuda();
