#include "tests/kernel_harness.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "base/buffer_layout.h"
#include "bench/ops/kernel_loader.h"
#include "dsl/op.h"
#include "schedules/space.h"

namespace tenfold::testing_support {
namespace {

constexpr float output_pattern = -1.2345e33f;

// Pages with an unreadable one on either side. The array ends at the far page, up to the rounding
// to 64 bytes that bases have.
class GuardedArray {
 public:
  explicit GuardedArray(int64_t elements) : elements_(elements) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t bytes = (static_cast<size_t>(elements) * sizeof(float) + 63) / 64 * 64;
    const size_t body = (bytes + page - 1) / page * page;
    mapped_ = body + 2 * page;
    mapping_ = static_cast<std::byte*>(
        mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (mapping_ == MAP_FAILED || mprotect(mapping_ + page, body, PROT_READ | PROT_WRITE) != 0)
      std::abort();
    data_ = reinterpret_cast<float*>(mapping_ + page + body - bytes);
  }
  GuardedArray(const GuardedArray&) = delete;
  GuardedArray(GuardedArray&& other) noexcept { *this = std::move(other); }
  GuardedArray& operator=(GuardedArray&& other) noexcept {
    std::swap(mapping_, other.mapping_);
    std::swap(mapped_, other.mapped_);
    std::swap(data_, other.data_);
    std::swap(elements_, other.elements_);
    return *this;
  }
  ~GuardedArray() {
    if (mapping_) munmap(mapping_, mapped_);
  }
  float* data() const { return data_; }
  int64_t elements() const { return elements_; }
  /// Including what rounds it up to 64 bytes.
  int64_t reachable() const { return (elements_ + 15) / 16 * 16; }

 private:
  std::byte* mapping_ = nullptr;
  size_t mapped_ = 0;
  float* data_ = nullptr;
  int64_t elements_ = 0;
};

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

class Values {
 public:
  explicit Values(const KernelRun& options) : options_(options), random_(options.seed) {}
  float operator()(int magnitude) {
    if (options_.integers)
      return static_cast<float>(std::uniform_int_distribution<int>(-magnitude, magnitude)(random_));
    return static_cast<float>(std::uniform_real_distribution<double>(-1, 1)(random_) *
                              options_.scale);
  }

 private:
  const KernelRun& options_;
  std::mt19937_64 random_;
};

GuardedArray filled_input(const View& view, Values& values) {
  GuardedArray array(end_element(view));
  std::fill_n(array.data(), array.reachable(), std::numeric_limits<float>::quiet_NaN());
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

::testing::AssertionResult compare(const View& view, const GuardedArray& got,
                                   const GuardedArray& want, const GuardedArray& before,
                                   const schedules::Tolerance& tolerance, bool exact) {
  ::testing::AssertionResult result = ::testing::AssertionSuccess();
  std::vector<bool> logical(got.reachable(), false);
  for_each_element(view, [&](int64_t at, const Dims& index) {
    logical[at] = true;
    const double g = got.data()[at], w = want.data()[at];
    const bool close =
        exact ? g == w : std::abs(g - w) <= tolerance.absolute + tolerance.relative * std::abs(w);
    if (!close && result)
      result = ::testing::AssertionFailure()
               << "element " << to_string(index) << " is " << g << ", expected " << w;
  });
  for (int64_t at = 0; at < got.reachable() && result; ++at)
    if (!logical[at] && !same_bits(got.data()[at], before.data()[at]))
      result = ::testing::AssertionFailure()
               << "element " << at << " of the root, outside of the logical output, became "
               << got.data()[at];
  return result;
}

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

}  // namespace

::testing::AssertionResult kernel_matches(const Task& task, const Config& config,
                                          const Target& target, const KernelRun& options) {
  if (const Status status = dsl::check(task); !status)
    return ::testing::AssertionFailure() << status.error().message;
  if (const Status status = schedules::check(task, target, config); !status)
    return ::testing::AssertionFailure() << status.error().message;
  const auto kernel = bench::LoadedKernel::make(task, config, target, options.asserts);
  if (!kernel)
    return ::testing::AssertionFailure() << to_text(config) << ": " << kernel.error().message;
  for (const std::string& symbol : kernel->undefined_symbols())
    if (!symbol.starts_with("halide_") && symbol != "memset" && symbol != "memcpy")
      return ::testing::AssertionFailure() << to_text(config) << " calls " << symbol;

  Values values(options);
  std::vector<GuardedArray> inputs, packed, outputs, want, before;
  std::vector<Array> constants;
  for (const View& view : task.inputs) inputs.push_back(filled_input(view, values));
  const std::vector<Packing> packings =
      (*schedules::find_space(config.algorithm))->packing(task, target, config);
  const std::vector<dsl::Param> params = dsl::params(task);
  for (size_t i = 0; i < params.size(); ++i) {
    constants.emplace_back(DType::f32, params[i].dims);
    for (float& value : constants.back().as<float>()) value = values(2);
    const auto one = pack(packings[i], constants.back().as<float>());
    if (!one) return ::testing::AssertionFailure() << one.error().message;
    packed.emplace_back(one->elements());
    std::memcpy(packed.back().data(), one->bytes(), one->size_bytes());
  }
  const auto in_place = [&](size_t output) { return output == 0 && options.in_place_input >= 0; };
  for (size_t i = 0; i < task.outputs.size(); ++i) {
    const View& view = task.outputs[i];
    const int64_t elements =
        std::max(end_element(view), in_place(i) ? inputs[options.in_place_input].elements() : 0);
    for (std::vector<GuardedArray>* set : {&outputs, &want, &before}) {
      set->emplace_back(elements);
      std::fill_n(set->back().data(), set->back().reachable(), output_pattern);
      if (in_place(i))
        std::memcpy(set->back().data(), inputs[options.in_place_input].data(),
                    sizeof(float) * inputs[options.in_place_input].elements());
    }
  }

  const auto bases = [](const std::vector<GuardedArray>& arrays) {
    std::vector<float*> pointers;
    for (const GuardedArray& array : arrays) pointers.push_back(array.data());
    return pointers;
  };
  const auto read_only = [](const std::vector<float*>& pointers) {
    return std::vector<const float*>(pointers.begin(), pointers.end());
  };
  const std::vector<const float*> reference_inputs = read_only(bases(inputs));
  if (const Status status = dsl::run_reference(task, reference_inputs, constants, bases(want));
      !status)
    return ::testing::AssertionFailure() << status.error().message;

  const schedules::Tolerance tolerance = schedules::tolerance(task, config);
  for (int run = 0; run < (options.in_place_input >= 0 ? 1 : 2); ++run) {
    std::vector<const float*> kernel_inputs = reference_inputs;
    if (options.in_place_input >= 0) kernel_inputs[options.in_place_input] = outputs[0].data();
    if (const Status status = kernel->run(kernel_inputs, read_only(bases(packed)), bases(outputs));
        !status)
      return ::testing::AssertionFailure() << to_text(config) << ": " << status.error().message;
    for (size_t i = 0; i < task.outputs.size(); ++i)
      if (auto same =
              compare(task.outputs[i], outputs[i], want[i], before[i], tolerance, options.integers);
          !same)
        return ::testing::AssertionFailure() << to_text(task) << "\n  " << to_text(config)
                                             << ", run " << run + 1 << ": " << same.message();
  }
  return ::testing::AssertionSuccess();
}

::testing::AssertionResult spaces_match(const Task& task, const Target& target, int configs,
                                        const KernelRun& options) {
  if (const Status status = dsl::check(task); !status)
    return ::testing::AssertionFailure() << status.error().message;
  std::mt19937_64 random(options.seed);
  const std::vector<const schedules::Space*> serving = schedules::spaces_for(task, target);
  if (serving.empty()) return ::testing::AssertionFailure() << "no space serves " << to_text(task);
  for (const schedules::Space* space : serving) {
    if (auto result = kernel_matches(task, space->initial(task, target), target, options); !result)
      return result;
    for (int i = 0; i < configs; ++i) {
      const auto config = random_config(*space, task, target, random);
      if (!config) break;
      if (auto result = kernel_matches(task, *config, target, options); !result) return result;
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace tenfold::testing_support
