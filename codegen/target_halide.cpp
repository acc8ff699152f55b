#include "codegen/target_halide.h"

namespace tenfold::codegen {
namespace {

using Halide::Target;

struct Row {
  const char* name;
  std::vector<Target::Feature> features;
};

const std::vector<Target::Feature> avx2 = {Target::SSE41, Target::AVX, Target::F16C, Target::FMA,
                                           Target::AVX2};

std::vector<Target::Feature> with(std::vector<Target::Feature> features,
                                  std::initializer_list<Target::Feature> more) {
  features.insert(features.end(), more);
  return features;
}

// avx512_zen4 would enable sse4a, which Intel's processors lack.
const Row rows[] = {
    {"x86_64-avx2", avx2},
    {"x86_64-avx512", with(avx2, {Target::AVX512, Target::AVX512_Skylake})},
    {"opencl", with(avx2, {Target::OpenCL})},
    {"cuda-sm80", with(avx2, {Target::CUDA, Target::CUDACapability80})},
    {"cuda-sm90", with(avx2, {Target::CUDA, Target::CUDACapability86})},
};

}  // namespace

Result<Target> halide_target(const tenfold::Target& target, bool asserts) {
  for (const Row& row : rows) {
    if (target.name != row.name) continue;
    std::vector<Target::Feature> features =
        with(row.features, {Target::NoRuntime, Target::NoBoundsQuery, Target::UserContext});
    if (!asserts) features.push_back(Target::NoAsserts);
    return Target(Target::Linux, Target::X86, 64, features);
  }
  return Error{ErrorCode::invalid_argument,
               "target '" + target.name + "' has no row among the code generator's targets"};
}

}  // namespace tenfold::codegen
