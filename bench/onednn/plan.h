// A task as oneDNN's primitives, in the layouts that oneDNN wants: what it has to convert at its
// borders is converted before anything is timed.
#pragma once
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <vector>

#include "base/task.h"

namespace tenfold::onednn {

/// One way among those that oneDNN offers; the fastest is what it is compared by.
struct Variant {
  enum class Layout { any, nhwc, blocked8, blocked16 } layout = Layout::any;
  bool second_algorithm = false;  // convolutions: oneDNN's own choice, Winograd included, instead
                                  // of the direct one; gemm: matmul instead of inner product; map:
                                  // each function by itself instead of post-ops
  std::string text() const;
};

/// What the operator is given.
struct Problem {
  Task task;
  std::vector<Array> inputs;    // dense, in the views' order
  std::vector<Array> params;    // in the model's layout
  int64_t shuffle_groups = 1;   // a shuffle of the channels, or
  std::vector<int64_t> concat;  // a concatenation, before the operator
};

struct Step {
  dnnl::primitive primitive;
  std::unordered_map<int, dnnl::memory> arguments;
};

struct Plan {
  std::vector<Step> steps;
  std::vector<dnnl::memory> constants;  // all that is read and not computed or given
  std::vector<dnnl::memory> kept;       // what steps look at through other views
  dnnl::memory output;

  void run(dnnl::stream& stream) const {
    for (const Step& step : steps) step.primitive.execute(stream, step.arguments);
  }
};

/// The variants that may make sense for the task.
std::vector<Variant> variants_of(const Task& task);

/// Errors: unsupported when oneDNN has no such operator or variant.
Result<Plan> make_plan(const dnnl::engine& engine, const Problem& problem, const Variant& variant);

/// The plan's output, dense, in the view's order.
Array read_output(const dnnl::engine& engine, const Plan& plan, const Task& task);

}  // namespace tenfold::onednn
