#include "autotune/data.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

#include "base/buffer_layout.h"
#include "base/runner_protocol.h"
#include "dsl/op.h"

namespace tenfold::autotune {
namespace {

constexpr uint32_t gap_bits = 0x7fe5'dead;  // a NaN: what lies in inputs where no kernel may look

/// Calls visit(element) for each element of a box in a view; `low` and `high` widen H and W.
template <class Visit>
void for_each_element(const View& view, const Halo& halo, const Visit& visit) {
  const size_t rank = view.dims.size();
  if (rank == 0) return visit(view.offset);
  Dims low(rank, 0), high = view.dims;
  if (rank == 4) {
    low[1] -= halo.top, high[1] += halo.bottom;
    low[2] -= halo.left, high[2] += halo.right;
  }
  for (size_t d = 0; d < rank; ++d)
    if (low[d] >= high[d]) return;
  const size_t last = rank - 1;
  Dims index = low;
  while (true) {
    int64_t element = view.offset;
    for (size_t d = 0; d < rank; ++d) element += index[d] * view.strides[d];
    for (int64_t i = low[last]; i < high[last]; ++i, element += view.strides[last]) visit(element);
    size_t d = last;
    while (d > 0 && ++index[d - 1] == high[d - 1]) --d, index[d] = low[d];
    if (d == 0) return;
  }
}

/// Functions that are not real below zero, or that have a pole there.
bool wants_positive_values(const Task& task) {
  constexpr const char* kinds[] = {"sqrt", "log", "pow", "div", "rdiv", "reciprocal"};
  const auto touchy = [&](const Stage& stage) {
    return std::any_of(std::begin(kinds), std::end(kinds),
                       [&](const char* kind) { return stage.kind == kind; });
  };
  return std::any_of(task.prologue.begin(), task.prologue.end(), touchy) ||
         std::any_of(task.epilogue.begin(), task.epilogue.end(), touchy);
}

class Values {
 public:
  Values(uint64_t seed, bool positive) : random_(seed), positive_(positive) {}

  /// i / steps with i in 1..steps, of either sign unless all must be positive: never 0, which would
  /// hide errors.
  float next(int steps) {
    const uint64_t bits = random_();
    const float magnitude = static_cast<float>(1 + bits % steps) / static_cast<float>(steps);
    return !positive_ && (bits >> 40) & 1 ? -magnitude : magnitude;
  }

  float index(int64_t below) {
    return static_cast<float>(random_() % static_cast<uint64_t>(below));
  }

 private:
  std::mt19937_64 random_;
  bool positive_;
};

Array image_of(const View& view, uint32_t filling) {
  Array image(DType::f32, {end_element(view)});
  std::ranges::fill(image.as<float>(), std::bit_cast<float>(filling));
  return image;
}

Array make_param(const dsl::Param& wanted, Values& values) {
  Array param(DType::f32, wanted.dims);
  if (wanted.below > 0) {
    for (float& value : param.as<float>()) value = values.index(wanted.below);
    return param;
  }
  double fan_in = 1;
  for (size_t d = 1; d < wanted.dims.size(); ++d) fan_in *= static_cast<double>(wanted.dims[d]);
  const float scale = std::exp2(-std::round(std::log2(fan_in) / 2));
  for (float& value : param.as<float>()) value = values.next(8) * scale;
  return param;
}

}  // namespace

int shared_input(const Task& task, int output) {
  const View& out = task.outputs[output];
  for (size_t i = 0; i < task.inputs.size(); ++i) {
    const View& in = task.inputs[i];
    if (dsl::reads_in_place(task, i) && in.type == out.type && in.dims == out.dims &&
        in.strides == out.strides && in.offset == out.offset)
      return static_cast<int>(i);
  }
  return -1;
}

Result<TaskData> make_task_data(const Task& task, uint64_t seed) {
  TENFOLD_CHECK(dsl::check(task));
  for (const std::vector<View>* views : {&task.inputs, &task.outputs})
    for (const View& view : *views)
      if (view.type != DType::f32)
        return Error{ErrorCode::unsupported,
                     task.op + ": only float32 is tuned, got " + to_string(view.type)};

  Values values(seed, wants_positive_values(task));
  TaskData data;
  for (const View& view : task.inputs) {
    Array image = image_of(view, gap_bits);
    const auto elements = image.as<float>();
    for_each_element(view, view.halo, [&](int64_t at) { elements[at] = 0; });
    for_each_element(view, {}, [&](int64_t at) { elements[at] = values.next(16); });
    data.inputs.push_back(std::move(image));
  }
  for (const dsl::Param& param : dsl::params(task))
    data.params.push_back(make_param(param, values));
  for (const View& view : task.outputs)
    data.expected.push_back(image_of(view, runner_protocol::untouched_bits));

  std::vector<const float*> inputs;
  std::vector<float*> outputs;
  for (const Array& image : data.inputs) inputs.push_back(image.as<float>().data());
  for (Array& image : data.expected) outputs.push_back(image.as<float>().data());
  TENFOLD_CHECK(dsl::run_reference(task, inputs, data.params, outputs));

  for (size_t i = 0; i < task.outputs.size(); ++i) {
    bool finite = true;
    for_each_element(task.outputs[i], {},
                     [&](int64_t at) { finite = finite && std::isfinite(outputs[i][at]); });
    if (!finite)
      return Error{ErrorCode::failed,
                   task.op + ": the reference gives a value that is not finite on test data"};
  }
  return data;
}

std::string coordinates_text(const View& view, int64_t element) {
  // The axis of largest stride first: what is left after it lies within one step of it.
  std::vector<size_t> order(view.dims.size());
  for (size_t d = 0; d < order.size(); ++d) order[d] = d;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return view.strides[a] > view.strides[b]; });
  Dims index(view.dims.size(), 0);
  int64_t rest = element - view.offset;
  for (const size_t d : order) {
    if (rest < 0) return "outside";
    if (view.strides[d] > 0) index[d] = std::min(rest / view.strides[d], view.dims[d] - 1);
    rest -= index[d] * view.strides[d];
  }
  if (rest != 0) return "outside";
  std::string text = "[";
  for (size_t d = 0; d < index.size(); ++d) text += (d ? "," : "") + std::to_string(index[d]);
  return text + "]";
}

}  // namespace tenfold::autotune
