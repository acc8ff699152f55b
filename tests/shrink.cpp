#include "tests/shrink.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>

#include "dsl/op.h"
#include "dsl/window.h"

namespace tenfold::testing_support {
namespace {

bool has_groups(const Task& task) {
  return task.op == "conv2d" || task.op == "conv_transpose2d" || task.op == "deform_conv2d";
}

bool is_separable(const Task& task) {
  return task.op == "depthwise_pointwise" || task.op == "inverted_residual";
}

/// The output's channels are the weights' alone.
bool has_free_channels(const Task& task) {
  return is_separable(task) || task.op == "squeeze_excite";
}

bool has_window(const Task& task) {
  return has_groups(task) || is_separable(task) || task.op.ends_with("pool2d");
}

int64_t channels_of(const View& view) {
  return view.dims.back();
}

/// The output that the operator makes of its inputs and attributes. Where they leave an extent open
/// (output channels, a map's broadcast dims) it is the old output's.
Dims output_dims(const Task& task) {
  const Dims &in = task.inputs[0].dims, &old = task.outputs[0].dims;
  const Attrs& attrs = task.attrs;
  if (has_window(task)) {
    const dsl::Window w = dsl::window_of(attrs);
    const int64_t k = has_groups(task) || is_separable(task) ? old[3] : in[3];
    if (task.op == "conv_transpose2d")
      return {in[0],
              (in[1] - 1) * w.stride_h + w.dilation_h * (w.kernel_h - 1) + 1 +
                  attrs.get_int("output_pad_h", 0) - w.pad_top - w.pad_bottom,
              (in[2] - 1) * w.stride_w + w.dilation_w * (w.kernel_w - 1) + 1 +
                  attrs.get_int("output_pad_w", 0) - w.pad_left - w.pad_right,
              k};
    return {
        in[0],
        dsl::window_extent(in[1], w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, w.pad_bottom),
        dsl::window_extent(in[2], w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, w.pad_right),
        k};
  }
  Dims out = in;
  if (task.op == "global_avg_pool" || task.op == "global_max_pool") {
    out[1] = out[2] = 1;
  } else if (task.op == "squeeze_excite") {
    out = {in[0], 1, 1, old[3]};
  } else if (task.op == "resize2d") {
    for (const auto& [name, d] : {std::pair{"scale_h", 1}, std::pair{"scale_w", 2}})
      if (attrs.has(name))
        out[d] = static_cast<int64_t>(std::floor(static_cast<double>(in[d]) * attrs.get(name, 1)));
      else
        out[d] = old[d];
  } else if (task.op == "reduce") {
    for (size_t d = 0; d < out.size(); ++d)
      if (attrs.get_int("axes", 0) >> d & 1) out[d] = 1;
  } else if (task.op == "transpose") {
    for (size_t d = 0; d < out.size(); ++d)
      out[d] = in[attrs.get_int("perm" + std::to_string(d), static_cast<int64_t>(d))];
  } else if (task.op == "pad") {
    for (size_t d = 0; d < out.size(); ++d)
      out[d] += attrs.get_int("begin" + std::to_string(d), 0) +
                attrs.get_int("end" + std::to_string(d), 0);
  } else if (task.op == "gather") {
    out[attrs.get_int("axis", 0)] = old[attrs.get_int("axis", 0)];
  } else if (task.op == "gemm") {
    out[1] = old[1];
  } else if (task.op == "matmul" || task.op == "map") {
    out = old;
  }
  return out;
}

/// The same layout over other dims: the order of strides, what lies between elements and before
/// them, and the halo stay.
View resized(const View& old, const Dims& dims) {
  const size_t rank = dims.size();
  View view = dense_view(old.type, dims);
  view.halo = old.halo;
  const auto wide = [&](const Dims& of, size_t d) {
    if (rank != 4 || (d != 1 && d != 2)) return of[d];
    return of[d] + (d == 1 ? old.halo.top + old.halo.bottom : old.halo.left + old.halo.right);
  };
  std::vector<size_t> order(rank);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return old.strides[a] != old.strides[b] ? old.strides[a] < old.strides[b] : a > b;
  });
  int64_t reached_old = 1, reached = 1;
  for (const size_t d : order) {
    const int64_t slack = std::max<int64_t>(old.strides[d] - reached_old, 0);
    view.strides[d] = reached + slack;
    reached_old = std::max(old.strides[d], reached_old) * wide(old.dims, d);
    reached = view.strides[d] * wide(dims, d);
  }
  const auto halo_offset = [](const View& v) {
    return v.halo == Halo{} ? 0 : v.halo.top * v.strides[1] + v.halo.left * v.strides[2];
  };
  view.offset = std::max<int64_t>(old.offset - halo_offset(old), 0) + halo_offset(view);
  return view;
}

bool is_operand(const Task& task, size_t input) {
  const auto names = [&](const Stage& stage) { return stage.input == static_cast<int>(input); };
  return std::any_of(task.prologue.begin(), task.prologue.end(), names) ||
         std::any_of(task.epilogue.begin(), task.epilogue.end(), names);
}

void refit(View& view, const Dims& dims) {
  if (view.dims != dims) view = resized(view, dims);
}

/// The dims of an operand that broadcasts to `onto` as it did.
Dims refitted(const Dims& operand, const Dims& onto) {
  Dims dims = operand;
  for (size_t d = 0; d < dims.size(); ++d)
    if (dims[d] != 1) dims[d] = onto[onto.size() - dims.size() + d];
  return dims;
}

/// Gives output, further inputs and operands the dims that follow from a changed task.
void complete(Task& task, const View& old_input) {
  const Dims in = task.inputs[0].dims;
  task.inputs[0] = resized(old_input, in);
  refit(task.outputs[0], output_dims(task));
  const Dims out = task.outputs[0].dims;
  if (task.op == "deform_conv2d") {
    const dsl::Window w = dsl::window_of(task.attrs);
    const int64_t taps = w.kernel_h * w.kernel_w * task.attrs.get_int("offset_groups", 1);
    refit(task.inputs[1], {out[0], out[1], out[2], 2 * taps});
    if (task.inputs.size() > 2 && !is_operand(task, 2))
      refit(task.inputs[2], {out[0], out[1], out[2], taps});
  }
  for (const auto& [chain, onto] : {std::pair{&task.prologue, in}, std::pair{&task.epilogue, out}})
    for (const Stage& stage : *chain)
      if (stage.input > 0)
        refit(task.inputs[stage.input], refitted(task.inputs[stage.input].dims, onto));
}

class Shrinker {
 public:
  explicit Shrinker(const Task& task) : task_(task) {}

  std::vector<Task> run() {
    drop_stages(&Task::epilogue);
    drop_stages(&Task::prologue);
    drop_inner_stages();
    if (has_groups(task_)) shrink_groups();
    if (task_.op == "matmul")
      shrink_matmul();
    else
      shrink_extents();
    if (has_window(task_)) shrink_window();
    for (const char* name : {"size", "groups", "expanded"})
      if (!has_groups(task_) && task_.attrs.has(name)) shrink_attr(name, 1);
    for (const auto& [name, value] : task_.attrs.values())
      if (name.starts_with("begin") || name.starts_with("end")) shrink_attr(name, 0);
    plain_layouts();
    return std::move(found_);
  }

 private:
  /// Keeps what an edit makes of the task when that is a task.
  void propose(const std::function<void(Task&)>& edit) {
    Task changed = task_;
    edit(changed);
    for (const View& view : changed.inputs)
      if (std::any_of(view.dims.begin(), view.dims.end(), [](int64_t e) { return e < 1; })) return;
    complete(changed, task_.inputs[0]);
    keep(std::move(changed));
  }
  void keep(Task changed) {
    if (changed != task_ && size_of(changed) < size_of(task_) && dsl::check(changed))
      found_.push_back(std::move(changed));
  }

  static std::vector<int64_t> below(int64_t value, int64_t least) {
    std::vector<int64_t> values;
    for (const int64_t v : {least, (value + least) / 2, value - 1})
      if (v >= least && v < value && (values.empty() || v != values.back())) values.push_back(v);
    return values;
  }

  void drop_stages(std::vector<Stage> Task::*chain) {
    for (size_t i = 0; i < (task_.*chain).size(); ++i) {
      Task changed = task_;
      const int input = (changed.*chain)[i].input;
      (changed.*chain).erase((changed.*chain).begin() + static_cast<std::ptrdiff_t>(i));
      if (input > 0 && !is_operand(changed, static_cast<size_t>(input))) {
        changed.inputs.erase(changed.inputs.begin() + input);
        for (std::vector<Stage>* stages : {&changed.prologue, &changed.epilogue})
          for (Stage& stage : *stages)
            if (stage.input > input) --stage.input;
      }
      keep(std::move(changed));
    }
  }

  void drop_inner_stages() {
    for (size_t chain = 0; chain < task_.inner.size(); ++chain)
      for (size_t i = 0; i < task_.inner[chain].size(); ++i) {
        Task changed = task_;
        std::vector<Stage>& stages = changed.inner[chain];
        stages.erase(stages.begin() + static_cast<std::ptrdiff_t>(i));
        while (!changed.inner.empty() && changed.inner.back().empty()) changed.inner.pop_back();
        keep(std::move(changed));
      }
  }

  void shrink_attr(const std::string& name, int64_t least) {
    const int64_t value = task_.attrs.get_int(name, least);
    for (const int64_t v : below(value, least))
      propose([&](Task& t) { t.attrs.set(name, static_cast<double>(v)); });
    if (value < least) propose([&](Task& t) { t.attrs.set(name, static_cast<double>(least)); });
  }

  void shrink_window() {
    for (const char* name :
         {"stride_h", "stride_w", "dilation_h", "dilation_w", "kernel_h", "kernel_w"})
      shrink_attr(name, 1);
    for (const char* name : {"pad_top", "pad_left", "pad_bottom", "pad_right", "output_pad_h",
                             "output_pad_w", "ceil_h", "ceil_w"})
      shrink_attr(name, 0);
  }

  // Channels come as groups times channels a group.
  void shrink_groups() {
    const int64_t groups = task_.attrs.get_int("groups", 1);
    const int64_t c = channels_of(task_.inputs[0]) / groups,
                  k = channels_of(task_.outputs[0]) / groups;
    const auto set = [&](int64_t g, int64_t each_c, int64_t each_k) {
      propose([&](Task& t) {
        t.attrs.set("groups", static_cast<double>(g));
        t.inputs[0].dims[3] = g * each_c;
        Dims out = t.outputs[0].dims;
        out[3] = g * each_k;
        refit(t.outputs[0], out);
      });
    };
    for (const int64_t g : below(groups, 1)) set(g, c, k);
    for (const int64_t each : below(c, 1)) set(groups, each, k);
    for (const int64_t each : below(k, 1)) set(groups, c, each);
    shrink_attr("offset_groups", 1);
  }

  void shrink_extents() {
    const Dims& in = task_.inputs[0].dims;
    for (size_t d = 0; d < in.size(); ++d) {
      if (has_groups(task_) && d == 3) continue;
      std::vector<int64_t> values = below(in[d], 1);
      if (task_.op == "gather_channels" && d == 3) {
        const int64_t groups = task_.attrs.get_int("groups", 1);
        values.clear();
        for (const int64_t each : below(in[3] / groups, 1)) values.push_back(each * groups);
        for (const int64_t fewer : below(groups, 1))
          propose([&](Task& t) {
            t.attrs.set("groups", static_cast<double>(fewer));
            t.inputs[0].dims[3] = fewer * (in[3] / groups);
          });
      }
      for (const int64_t extent : values)
        propose([&](Task& t) {
          if (t.op == "map") shrink_output(t, d + t.outputs[0].dims.size() - in.size(), extent);
          t.inputs[0].dims[d] = extent;
        });
    }
    const bool gathers = task_.op == "gather";
    if (task_.op != "map" && task_.op != "gemm" && !gathers && !has_free_channels(task_)) return;
    const Dims out = task_.outputs[0].dims;
    for (size_t d = 0; d < out.size(); ++d) {
      const size_t own = d + in.size() - out.size();
      const bool follows = task_.op == "gemm" ? d == 0
                           : gathers ? static_cast<int64_t>(d) != task_.attrs.get_int("axis", 0)
                           : has_free_channels(task_) ? d < 3
                                                      : own < in.size() && in[own] != 1;
      if (follows) continue;
      for (const int64_t extent : below(out[d], 1))
        propose([&](Task& t) { shrink_output(t, d, extent); });
    }
  }

  static void shrink_output(Task& task, size_t d, int64_t extent) {
    Dims out = task.outputs[0].dims;
    out[d] = extent;
    refit(task.outputs[0], out);
  }

  void shrink_matmul() {
    const Dims &a = task_.inputs[0].dims, &b = task_.inputs[1].dims, &out = task_.outputs[0].dims;
    for (const int64_t depth : below(a.back(), 1))
      propose([&](Task& t) {
        t.inputs[0].dims.back() = depth;
        Dims changed = b;
        changed[b.size() - 2] = depth;
        refit(t.inputs[1], changed);
      });
    for (size_t d = 0; d < out.size(); ++d)
      for (const int64_t extent : below(out[d], 1))
        propose([&](Task& t) {
          shrink_output(t, d, extent);
          const size_t from_end = out.size() - 1 - d;
          if (from_end < a.size() && from_end != 0 && a[a.size() - 1 - from_end] == out[d])
            t.inputs[0].dims[a.size() - 1 - from_end] = extent;
          if (from_end < b.size() && from_end != 1 && b[b.size() - 1 - from_end] == out[d]) {
            Dims changed = b;
            changed[b.size() - 1 - from_end] = extent;
            refit(t.inputs[1], changed);
          }
        });
  }

  void plain_layouts() {
    for (std::vector<View> Task::*views : {&Task::inputs, &Task::outputs})
      for (size_t i = 0; i < (task_.*views).size(); ++i) {
        Task changed = task_;
        View& view = (changed.*views)[i];
        view = dense_view(view.type, view.dims);
        keep(changed);
        view = (task_.*views)[i];
        if (view.halo == Halo{}) continue;
        view.offset -= view.halo.top * view.strides[1] + view.halo.left * view.strides[2];
        view.halo = {};
        keep(std::move(changed));
      }
  }

  const Task& task_;
  std::vector<Task> found_;
};

}  // namespace

double size_of(const Task& task) {
  double size = 10.0 * static_cast<double>(task.epilogue.size() + task.prologue.size());
  for (const std::vector<Stage>& chain : task.inner)
    size += 10.0 * static_cast<double>(chain.size());
  for (const std::vector<View>* views : {&task.inputs, &task.outputs})
    for (const View& view : *views) {
      for (const int64_t extent : view.dims) size += std::log2(static_cast<double>(extent));
      const View dense = dense_view(view.type, view.dims);
      size += view.offset != 0 ? 0.2 : 0;
      size += view.halo != Halo{} ? 0.2 : 0;
      size += view.strides != dense.strides ? 0.2 : 0;
    }
  // A smaller kernel or stride makes the output larger, and is worth it.
  for (const auto& [name, value] : task.attrs.values())
    size += (has_window(task) ? 4 : 0.01) * std::abs(value);
  return size;
}

std::vector<Task> smaller_tasks(const Task& task) {
  return Shrinker(task).run();
}

}  // namespace tenfold::testing_support
