#include "tests/kernel_harness.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>

#include "base/buffer_layout.h"
#include "bench/ops/kernel_loader.h"
#include "dsl/op.h"
#include "tests/guarded_array.h"

namespace tenfold::testing_support {
namespace {

using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

constexpr float output_pattern = -1.2345e33f;

template <class Visit>
void for_each_element(const View& view, const Visit& visit) {
  Dims index(view.dims.size(), 0);
  const int64_t elements = *volume(view.dims);
  for (int64_t i = 0; i < elements; ++i) {
    int64_t at = view.offset;
    for (size_t d = 0; d < index.size(); ++d) at += index[d] * view.strides[d];
    visit(at, index);
    for (size_t d = index.size(); d-- > 0;) {
      if (++index[d] < view.dims[d]) break;
      index[d] = 0;
    }
  }
}

/// Functions that are not real at and below zero, or have a pole there.
bool wants_positive_values(const Task& task) {
  constexpr const char* kinds[] = {"sqrt", "log", "pow", "div", "rdiv", "reciprocal"};
  const auto touchy = [&](const Stage& stage) {
    return std::find(std::begin(kinds), std::end(kinds), stage.kind) != std::end(kinds);
  };
  return std::any_of(task.prologue.begin(), task.prologue.end(), touchy) ||
         std::any_of(task.epilogue.begin(), task.epilogue.end(), touchy);
}

class Values {
 public:
  Values(const Task& task, const KernelRun& options)
      : options_(options), positive_(wants_positive_values(task)), random_(options.seed) {}
  float operator()(int magnitude) {
    if (options_.integers)
      return static_cast<float>(std::uniform_int_distribution<int>(-magnitude, magnitude)(random_));
    const double low = positive_ ? 0.5 : -1, high = positive_ ? 1.5 : 1;
    return static_cast<float>(std::uniform_real_distribution<double>(low, high)(random_) *
                              options_.scale);
  }
  float index(int64_t below) {
    return static_cast<float>(std::uniform_int_distribution<int64_t>(0, below - 1)(random_));
  }

 private:
  const KernelRun& options_;
  bool positive_;
  std::mt19937_64 random_;
};

GuardedArray filled_input(const View& view, Against side, Values& values) {
  GuardedArray array(end_element(view), side);
  View whole = view;  // the halo, as zeros
  if (view.halo != Halo{}) {
    whole.offset -= view.halo.top * view.strides[1] + view.halo.left * view.strides[2];
    whole.dims[1] += view.halo.top + view.halo.bottom;
    whole.dims[2] += view.halo.left + view.halo.right;
    for_each_element(whole, [&](int64_t at, const Dims&) { array.data()[at] = 0; });
  }
  for_each_element(view, [&](int64_t at, const Dims&) { array.data()[at] = values(3); });
  return array;
}

bool same_bits(float a, float b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

std::vector<float*> bases(const std::vector<GuardedArray>& arrays) {
  std::vector<float*> pointers;
  for (const GuardedArray& array : arrays) pointers.push_back(array.data());
  return pointers;
}

std::vector<const float*> read_only(const std::vector<float*>& pointers) {
  return {pointers.begin(), pointers.end()};
}

/// One problem's operands, against one side of their pages. Equal seeds give equal values.
struct Memory {
  std::vector<GuardedArray> inputs, outputs;
  std::vector<Array> constants;  // in the model's layout

  Memory(const Task& task, const KernelRun& options, Against side) {
    Values values(task, options);
    for (const View& view : task.inputs) inputs.push_back(filled_input(view, side, values));
    for (const dsl::Param& param : dsl::params(task)) {
      constants.emplace_back(DType::f32, param.dims);
      for (float& value : constants.back().as<float>())
        value = param.below > 0 ? values.index(param.below) : values(2);
    }
    for (size_t i = 0; i < task.outputs.size(); ++i) {
      const GuardedArray* shared =
          i == 0 && options.in_place_input >= 0 ? &inputs[options.in_place_input] : nullptr;
      outputs.emplace_back(std::max(end_element(task.outputs[i]), shared ? shared->elements() : 0),
                           side);
      std::fill_n(outputs.back().data(), outputs.back().reachable(), output_pattern);
      if (shared)
        std::memcpy(outputs.back().data(), shared->data(), sizeof(float) * shared->elements());
    }
  }
};

class Runner {
 public:
  static Result<Runner> make(const Task& task, const Config& config, const Target& target,
                             bool asserts) {
    TENFOLD_CHECK(schedules::check(task, target, config));
    TENFOLD_TRY(const schedules::Space* space, schedules::find_space(config.algorithm));
    TENFOLD_TRY(bench::LoadedKernel kernel,
                bench::LoadedKernel::make(task, config, target, asserts));
    for (const std::string& symbol : kernel.undefined_symbols())
      if (!symbol.starts_with("halide_") && symbol != "memset" && symbol != "memcpy")
        return Error{ErrorCode::failed, "calls " + symbol};
    return Runner(std::move(kernel), space->packing(task, target, config));
  }

  Status run(const Memory& memory, Against side, const KernelRun& options,
             bench::IterationOrder order = bench::IterationOrder::forward) const {
    std::vector<GuardedArray> packed;
    for (size_t i = 0; i < memory.constants.size(); ++i) {
      TENFOLD_TRY(const Array one, pack(packings_[i], memory.constants[i].as<float>()));
      packed.emplace_back(one.elements(), side);
      std::memcpy(packed.back().data(), one.bytes(), one.size_bytes());
    }
    std::vector<const float*> inputs = read_only(bases(memory.inputs));
    if (options.in_place_input >= 0) inputs[options.in_place_input] = memory.outputs[0].data();
    return kernel_.run(inputs, read_only(bases(packed)), bases(memory.outputs), order);
  }

 private:
  Runner(bench::LoadedKernel kernel, std::vector<Packing> packings)
      : kernel_(std::move(kernel)), packings_(std::move(packings)) {}
  bench::LoadedKernel kernel_;
  std::vector<Packing> packings_;
};

struct Bound {
  bool exact;
  schedules::Tolerance tolerance;
  double relative_l2 = 0;  // 0: none
};

Bound bound_of(const Task& task, const Config& config, const KernelRun& options) {
  const schedules::Space* space = *schedules::find_space(config.algorithm);
  Bound bound{options.integers, schedules::tolerance(task, config)};
  if (space->extra_error && task.prologue.empty() && task.epilogue.empty() && !options.integers)
    bound.relative_l2 = space->extra_error(task, config);
  return bound;
}

AssertionResult compare(const View& view, const GuardedArray& got, const GuardedArray& want,
                        const GuardedArray& before, const Bound& bound) {
  AssertionResult result = AssertionSuccess();
  std::vector<bool> logical(got.reachable(), false);
  double error = 0, norm = 0;
  for_each_element(view, [&](int64_t at, const Dims& index) {
    logical[at] = true;
    const double g = got.data()[at], w = want.data()[at];
    error += (g - w) * (g - w);
    norm += w * w;
    const bool close = bound.exact ? g == w
                                   : std::abs(g - w) <= bound.tolerance.absolute +
                                                            bound.tolerance.relative * std::abs(w);
    if (!close && result)
      result = AssertionFailure() << "element " << to_string(index) << " is " << g << ", expected "
                                  << w;
  });
  if (result && bound.relative_l2 > 0 && !(std::sqrt(error) <= bound.relative_l2 * std::sqrt(norm)))
    result = AssertionFailure() << "relative L2 error " << std::sqrt(error / norm) << ", stated "
                                << bound.relative_l2;
  for (int64_t at = 0; at < got.reachable() && result; ++at)
    if (!logical[at] && !same_bits(got.data()[at], before.data()[at]))
      result = AssertionFailure() << "element " << at
                                  << " of the root, outside of the logical output, became "
                                  << got.data()[at];
  return result;
}

/// Whether two runs that differ in the order of parallel iterations alone give the same bits. On
/// values that round: two iterations that compute one element, in a tile's middle and at its edge,
/// may round it differently.
AssertionResult same_in_any_order(const Runner& runner, const Task& task, KernelRun options) {
  options.integers = false;
  const Memory forward(task, options, Against::end), backward(task, options, Against::end);
  for (const auto& [memory, order] : {std::pair{&forward, bench::IterationOrder::forward},
                                      std::pair{&backward, bench::IterationOrder::backward}})
    if (const Status status = runner.run(*memory, Against::end, options, order); !status)
      return AssertionFailure() << status.error().message;
  for (size_t i = 0; i < task.outputs.size(); ++i) {
    const GuardedArray &one = forward.outputs[i], &other = backward.outputs[i];
    if (std::memcmp(one.data(), other.data(), sizeof(float) * one.reachable()) != 0)
      return AssertionFailure() << "the order of a parallel loop's iterations changes bits";
  }
  return AssertionSuccess();
}

}  // namespace

Result<Config> random_config(const schedules::Space& space, const Task& task, const Target& target,
                             std::mt19937_64& random) {
  const std::vector<schedules::Axis> axes = space.axes(task, target);
  for (int attempt = 0; attempt < 2000; ++attempt) {
    Config config{space.name, {}};
    for (const schedules::Axis& axis : axes)
      config.values[axis.name] =
          axis.values[std::uniform_int_distribution<size_t>(0, axis.values.size() - 1)(random)];
    if (space.legal(task, target, config)) return config;
  }
  return Error{ErrorCode::not_found, "no legal config found"};
}

AssertionResult kernel_matches(const Task& task, const Config& config, const Target& target,
                               const KernelRun& options) {
  const auto failed = [&](const std::string& what) {
    return AssertionFailure() << to_text(task) << "\n  " << to_text(config) << ": " << what;
  };
  if (const Status status = dsl::check(task); !status) return failed(status.error().message);
  auto runner = Runner::make(task, config, target, options.asserts);
  if (!runner) return failed(runner.error().message);

  const Memory want(task, options, Against::end), before(task, options, Against::end);
  if (options.against) {
    auto other = Runner::make(task, *options.against, target, options.asserts);
    if (!other) return failed(other.error().message);
    if (const Status status = other->run(want, Against::end, options); !status)
      return failed(to_text(*options.against) + ": " + status.error().message);
  } else if (const Status status = dsl::run_reference(task, read_only(bases(want.inputs)),
                                                      want.constants, bases(want.outputs));
             !status) {
    return failed(status.error().message);
  }

  const Bound bound = bound_of(task, config, options);
  for (const Against side : {Against::end, Against::begin}) {
    const Memory memory(task, options, side);
    for (int run = 0; run < (options.in_place_input >= 0 ? 1 : 2); ++run) {
      if (const Status status = runner->run(memory, side, options); !status)
        return failed(status.error().message);
      for (size_t i = 0; i < task.outputs.size(); ++i)
        if (const auto same = compare(task.outputs[i], memory.outputs[i], want.outputs[i],
                                      before.outputs[i], bound);
            !same)
          return failed(std::string("run ") + std::to_string(run + 1) + ": " + same.message());
    }
  }
  if (target.device == DeviceKind::cpu)
    if (const auto same = same_in_any_order(*runner, task, options); !same)
      return failed(same.message());
  return AssertionSuccess();
}

AssertionResult spaces_match(const Task& task, const Target& target, int configs,
                             const KernelRun& options) {
  if (const Status status = dsl::check(task); !status)
    return AssertionFailure() << status.error().message;
  std::mt19937_64 random(options.seed);
  const std::vector<const schedules::Space*> serving = schedules::spaces_for(task, target);
  if (serving.empty()) return AssertionFailure() << "no space serves " << to_text(task);
  for (const schedules::Space* space : serving) {
    KernelRun run = options;
    run.integers = options.integers && !space->extra_error;
    if (auto result = kernel_matches(task, space->initial(task, target), target, run); !result)
      return result;
    for (int i = 0; i < configs; ++i) {
      const auto config = random_config(*space, task, target, random);
      if (!config) break;
      if (auto result = kernel_matches(task, *config, target, run); !result) return result;
    }
  }
  return AssertionSuccess();
}

}  // namespace tenfold::testing_support
