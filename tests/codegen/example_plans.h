// Plans made by hand, and their kernels: what graph/ and the tuner would hand to the emitter.
#pragma once
#include <memory>
#include <string>

#include "codegen/library.h"

namespace tenfold::codegen::testing_support {

/// A network of three steps on a {2, 3, 9, 11} picture in the model's layout: a 3x3 convolution
/// from it to 8 channels with a ReLU, kept with a halo of one pixel; a 3x3 convolution of that
/// which adds it again; and a map that halves the values into the output's NCHW. The weights are
/// small integers, so that everything is exact. The two convolutions' biases are equal arrays.
graph::Plan small_network();

/// One operator over buffers of its own: ports input, input_2 ... and output.
graph::Plan single_operator(const Task& task);

/// The plan with the untuned config of each step, compiled in this process.
Result<VariantInput> compiled(const graph::Plan& plan, const Target& target);

/// Fills an array with small integers from a seed.
void fill_with_integers(Array& array, uint32_t seed);

/// A folder for one test, removed with what is in it.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  std::string operator/(const std::string& name) const { return path_ + '/' + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Names of all files and folders below a folder, relative and sorted.
std::vector<std::string> listing(const std::string& folder);

/// Runs a shell command and returns what it prints; fails the test when the command fails.
std::string shell(const std::string& command);

}  // namespace tenfold::codegen::testing_support
