#include "schedules/loops.h"

#include <algorithm>

#include "dsl/op.h"
#include "schedules/alias.h"

namespace tenfold::schedules {
namespace {

int64_t round_up_to_power(int64_t value) {
  int64_t power = 1;
  while (power < value) power *= 2;
  return power;
}

int64_t vectors_along(int64_t extent, int64_t lanes) {
  return (extent + lanes - 1) / lanes;
}

}  // namespace

int64_t LoopOrder::rows() const {
  int64_t product = 1;
  for (size_t i = 2; i < extents.size(); ++i) product *= extents[i];
  return product;
}

LoopOrder loop_order(const View& out) {
  std::vector<std::pair<int64_t, int>> by_stride;
  const int rank = static_cast<int>(out.dims.size());
  for (int j = 0; j < rank; ++j)
    if (out.dims[rank - 1 - j] > 1) by_stride.emplace_back(out.strides[rank - 1 - j], j);
  std::sort(by_stride.begin(), by_stride.end());
  // A few interleaved channels fill no vector: then the next dimension does, if it is any longer.
  const auto extent_of = [&](size_t i) { return out.dims[rank - 1 - by_stride[i].second]; };
  if (by_stride.size() > 1 && extent_of(0) < 4 && extent_of(1) > extent_of(0))
    std::swap(by_stride[0], by_stride[1]);
  LoopOrder order;
  for (const auto& [stride, j] : by_stride) order.dims.push_back(j);
  if (order.dims.empty()) order.dims.push_back(0);
  for (const int j : order.dims) order.extents.push_back(out.dims[rank - 1 - j]);
  return order;
}

Axis lanes_axis(int64_t extent, const Target& target, const char* name) {
  Axis axis{name, {}};
  for (int64_t lanes = 1; lanes <= target.lanes && lanes <= round_up_to_power(extent); lanes *= 2)
    axis.values.push_back(lanes);
  return axis;
}

int64_t good_lanes(int64_t extent, const Target& target) {
  const int64_t widest = lanes_axis(extent, target).values.back();
  for (int64_t lanes = widest; lanes * 2 >= widest; lanes /= 2)
    if (extent % lanes == 0) return lanes;
  return widest;
}

Axis divisor_axis(const char* name, int64_t extent, int64_t most) {
  Axis axis{name, {}};
  for (int64_t value = 1; value <= std::min(extent, most); ++value)
    if (extent % value == 0) axis.values.push_back(value);
  return axis;
}

int64_t at_most(const Axis& axis, int64_t want) {
  int64_t best = axis.values.front();
  for (const int64_t value : axis.values)
    if (value <= want) best = std::max(best, value);
  return best;
}

Axis rows_axis(int64_t rows) {
  Axis axis{"rows", {0}};
  for (int64_t run = 1; run * 2 <= rows && run <= 256; run *= 2) axis.values.push_back(run);
  return axis;
}

int64_t good_rows(int64_t rows, double work) {
  // Waking a thread costs a few microseconds, in which a core moves some 10^4 elements.
  constexpr double worth_a_thread = 16384;
  if (work < 2 * worth_a_thread || rows < 2) return 0;
  const double each = work / static_cast<double>(rows);
  const int64_t wanted = std::max<int64_t>(1, static_cast<int64_t>(worth_a_thread / each));
  return at_most(rows_axis(rows), std::max<int64_t>(1, std::min(wanted, rows / 4)));
}

std::vector<Axis> loop_axes(const LoopOrder& order, const Target& target) {
  return {lanes_axis(order.extent(0), target), Axis{"vectors", {1, 2, 3, 4, 6}},
          divisor_axis("tile", order.extent(1), 8), rows_axis(order.rows())};
}

Status legal_loops(const Task& task, const LoopOrder& order, const Config& config, Tail tail) {
  const int64_t width = config.at("lanes") * config.at("vectors"), extent = order.extent(0);
  const auto illegal = [](const char* rule) { return Error{ErrorCode::invalid_argument, rule}; };
  if (tail == Tail::shift && width > extent)
    return illegal("a tile must not be wider than the output");
  if (tail == Tail::shift && extent % width != 0 && may_alias(task, 1))
    return illegal("a task that may run in place must not compute anything twice");
  if (config.at("vectors") > vectors_along(extent, config.at("lanes")))
    return illegal("more vectors than the output has");
  return {};
}

std::map<std::string, int64_t> good_loops(const Task& task, const LoopOrder& order,
                                          const Target& target, Tail tail, double work,
                                          int64_t tile) {
  const int64_t extent = order.extent(0);
  int64_t lanes = good_lanes(extent, target);
  while (lanes > 1 && tail == Tail::shift &&
         (lanes > extent || (extent % lanes != 0 && may_alias(task, 1))))
    lanes /= 2;
  int64_t vectors = 1;
  for (const int64_t v : {2, 3, 4, 6})
    if (v <= tile && extent % (lanes * v) == 0) vectors = v;
  return {{"lanes", lanes},
          {"vectors", vectors},
          {"tile",
           at_most(divisor_axis("tile", order.extent(1), 8), std::max<int64_t>(tile / vectors, 1))},
          {"rows", good_rows(order.rows(), work)}};
}

std::vector<Packing> plain_packings(const Task& task) {
  std::vector<Packing> packings;
  for (const dsl::Param& param : dsl::params(task)) packings.push_back(plain_packing(param.dims));
  return packings;
}

std::vector<PackAxis> distinct_axes(std::vector<PackAxis> axes) {
  for (size_t i = 0; i < axes.size();) {
    const bool stood_for = std::any_of(axes.begin(), axes.end(), [&](const PackAxis& other) {
      return &other != &axes[i] && other.dim == axes[i].dim && other.step == axes[i].step;
    });
    if (axes[i].extent == 1 && stood_for)
      axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(i));
    else
      ++i;
  }
  return axes;
}

double tile_cycles(const Target& target, int64_t lanes, int64_t vectors, int64_t broadcasts,
                   double load_cycles) {
  const double each = unit_cycles(target, lanes), across = each * static_cast<double>(vectors),
               down = static_cast<double>(broadcasts);
  return std::max({4.1, across * down / 2, (across + down) * load_cycles});
}

double tile_use(int64_t extent, int64_t tile) {
  return static_cast<double>(extent) / static_cast<double>((extent + tile - 1) / tile * tile);
}

int64_t map_bytes(const Task& task) {
  const Dims &in = task.inputs[0].dims, &out = task.outputs[0].dims;
  return 4 * (in[1] * in[2] * in[3] + out[1] * out[2] * out[3]);
}

bool maps_fit_l2(const Task& task, const Target& target) {
  return static_cast<double>(map_bytes(task)) < 0.9 * static_cast<double>(target.l2_bytes);
}

bool from_far_l3(const Task& task, const Target& target) {
  // Servers' cores that share a mesh have 1 to 2 MB of L2; AMD's since Zen 4 have 1 MB too, and an
  // L3 that is near: there the estimate is too high.
  constexpr int64_t l2_beside_a_far_l3 = 1 << 20;
  return target.l2_bytes >= l2_beside_a_far_l3 && !maps_fit_l2(task, target);
}

double half_page_share(const View& map) {
  return std::min(1.0, 4 * static_cast<double>(map.strides[2]) / 2048);
}

double far_piece_cycles(const Task& task, const Target& target, int64_t channels) {
  if (!from_far_l3(task, target)) return 0;
  constexpr double line_bytes = 64;
  constexpr int64_t known_bytes = 16 << 20;  // in pages of 4 KiB
  const auto real = [](int64_t value) { return static_cast<double>(value); };
  const double lines = real(map_bytes(task)) / line_bytes,
               piece = std::max(1.0, 4 * real(channels) / line_bytes),
               pages = half_page_share(task.inputs[0]);
  const double each = 7 + (map_bytes(task) > known_bytes ? 36 * pages / piece : 0);
  return real(task.inputs[0].dims[0]) * lines * each;
}

double elements_touched(const Task& task) {
  double elements = 0;
  for (const View& view : task.inputs) elements += static_cast<double>(*volume(view.dims));
  for (const View& view : task.outputs) elements += static_cast<double>(*volume(view.dims));
  return elements;
}

}  // namespace tenfold::schedules
