#include "dsl/op.h"

#include <algorithm>

#include "base/buffer_layout.h"
#include "dsl/op_list.h"
#include "dsl/stage.h"

namespace tenfold::dsl {
namespace {

constexpr int64_t most_elements = int64_t{1} << 30;

Error invalid(const Task& task, const std::string& rule) {
  return {ErrorCode::invalid_shape, task.op + ": " + rule};
}

// Operands broadcast against the innermost dims of what the chain computes.
Status check_operand(const Task& task, const Stage& stage, const View& onto) {
  if (stage.input < 0 || stage.input >= static_cast<int>(task.inputs.size()))
    return invalid(task, "stage " + stage.kind + " needs an input of the task as its operand");
  const Dims& dims = task.inputs[stage.input].dims;
  bool fits = dims.size() <= onto.dims.size();
  for (size_t d = 0; fits && d < dims.size(); ++d) {
    const int64_t extent = dims[dims.size() - 1 - d];
    fits = extent == 1 || extent == onto.dims[onto.dims.size() - 1 - d];
  }
  if (!fits)
    return invalid(task, "the operand of stage " + stage.kind + ", " + to_string(dims) +
                             ", does not broadcast to " + to_string(onto.dims));
  return {};
}

Status check_chain(const Task& task, const std::vector<Stage>& stages, const View& onto) {
  for (const Stage& stage : stages) {
    TENFOLD_TRY(const StageKind* kind, find_stage(stage.kind));
    if (static_cast<int>(stage.values.size()) != kind->value_count)
      return invalid(task, "stage " + stage.kind + " takes " + std::to_string(kind->value_count) +
                               " numbers, got " + std::to_string(stage.values.size()));
    if (kind->needs == StageNeeds::operand)
      TENFOLD_CHECK(check_operand(task, stage, onto));
    else if (stage.input >= 0)
      return invalid(task, "stage " + stage.kind + " takes no operand");
    if (param_count(*kind) > 0 && onto.dims.empty())
      return invalid(task,
                     "stage " + stage.kind + " needs a last dimension to take its channels from");
  }
  return {};
}

Status check_inner(const Task& task, int operators) {
  if (!task.inner.empty() && static_cast<int>(task.inner.size()) >= operators)
    return invalid(task,
                   "has no operator behind inner chain " + std::to_string(task.inner.size() - 1));
  if (!task.inner.empty() && task.inner.back().empty())
    return invalid(task, "its last inner chain is empty");
  for (const std::vector<Stage>& chain : task.inner) {
    TENFOLD_CHECK(check_chain(task, chain, task.outputs[0]));
    for (const Stage& stage : chain)
      if (stage.input >= 0)
        return invalid(task, "stage " + stage.kind + " of an inner chain has an operand");
  }
  return {};
}

Status check_view(const Task& task, const View& view, bool written) {
  if (view.dims.size() != view.strides.size())
    return invalid(task, "a view has as many strides as dims");
  TENFOLD_TRY(const int64_t elements, volume(view.dims));
  if (elements == 0) return invalid(task, "a view of " + to_string(view.dims) + " is empty");
  const Halo& halo = view.halo;
  if (view.offset < 0 || std::min({halo.top, halo.left, halo.bottom, halo.right}) < 0)
    return invalid(task, "a view's offset and halo are not negative");
  TENFOLD_TRY(const std::vector<BufferDim> dims, buffer_dims(view));
  if (halo != Halo{} && view.offset < halo.top * view.strides[1] + halo.left * view.strides[2])
    return invalid(task, "a view's halo begins before its root");

  std::vector<std::pair<int64_t, int64_t>> spans;  // stride, extent
  for (size_t d = 0; d < view.dims.size(); ++d) {
    if (view.strides[d] < 0) return invalid(task, "a view's strides are not negative");
    if (view.dims[d] > 1) spans.emplace_back(view.strides[d], view.dims[d]);
  }
  std::sort(spans.begin(), spans.end());
  int64_t reached = 0;
  for (const auto& [stride, extent] : spans) {
    if (written && stride <= reached)
      return invalid(task, "an output's strides overlap: " + to_string(view.dims) + " over " +
                               to_string(view.strides));
    reached += stride * (extent - 1);
  }
  if (end_element(view) > most_elements) return invalid(task, "a view reaches past 2^30 elements");
  return {};
}

Status check_params(const Task& task) {
  for (const Param& param : (*find_op(task.op))->params(task)) {
    const Result<int64_t> elements = volume(param.dims);
    if (!elements || *elements > most_elements)
      return invalid(task,
                     param.name + " of " + to_string(param.dims) + " are more than 2^30 elements");
  }
  return {};
}

// A name that no constant of the task has yet: "bias", then "bias_2", "bias_3".
std::string fresh_name(const std::vector<Param>& taken, const std::string& name) {
  const auto is_taken = [&](const std::string& candidate) {
    return std::any_of(taken.begin(), taken.end(),
                       [&](const Param& param) { return param.name == candidate; });
  };
  std::string fresh = name;
  for (int n = 2; is_taken(fresh); ++n) fresh = name + "_" + std::to_string(n);
  return fresh;
}

void append_chain_params(std::vector<Param>& params, const std::vector<Stage>& stages,
                         const View& onto) {
  for (const Stage& stage : stages) {
    const StageKind& kind = **find_stage(stage.kind);
    if (kind.needs == StageNeeds::channel1)
      params.push_back({fresh_name(params, stage.kind), {onto.dims.back()}});
    if (kind.needs == StageNeeds::channel2) {
      params.push_back({fresh_name(params, "scale"), {onto.dims.back()}});
      params.push_back({fresh_name(params, "shift"), {onto.dims.back()}});
    }
  }
}

}  // namespace

std::span<const Op> ops() {
  static const std::vector<Op> table = {
      conv2d_op(),
      conv_transpose2d_op(),
      deform_conv2d_op(),
      gemm_op(),
      matmul_op(),
      max_pool2d_op(),
      avg_pool2d_op(),
      lp_pool2d_op(),
      global_avg_pool_op(),
      global_max_pool_op(),
      reduce_op(),
      softmax_op(),
      resize2d_op(),
      lrn_op(),
      layer_norm_op(),
      instance_norm_op(),
      group_norm_op(),
      map_op(),
      transpose_op(),
      pad_op(),
      gather_op(),
      gather_channels_op(),
      depthwise_pointwise_op(),
      inverted_residual_op(),
      squeeze_excite_op(),
  };
  return table;
}

Result<const Op*> find_op(const std::string& name) {
  std::string known;
  for (const Op& op : ops()) {
    if (name == op.name) return &op;
    known += (known.empty() ? "" : ", ") + std::string(op.name);
  }
  return Error{ErrorCode::unsupported, "no operator is named '" + name + "'; known: " + known};
}

bool reads_in_place(const Task& task, size_t input) {
  const auto takes = [&](const std::vector<Stage>& chain) {
    return std::any_of(chain.begin(), chain.end(), [&](const Stage& stage) {
      return stage.input >= 0 && static_cast<size_t>(stage.input) == input;
    });
  };
  if (task.op == "map") return input == 0 || takes(task.prologue) || takes(task.epilogue);
  return takes(task.epilogue) && !takes(task.prologue);
}

Status check(const Task& task) {
  TENFOLD_TRY(const Op* op, find_op(task.op));
  if (task.inputs.empty() || task.outputs.empty())
    return invalid(task, "needs an input and an output");
  for (const View& view : task.inputs) TENFOLD_CHECK(check_view(task, view, false));
  for (const View& view : task.outputs) TENFOLD_CHECK(check_view(task, view, true));
  TENFOLD_CHECK(op->check(task));
  TENFOLD_CHECK(check_inner(task, op->operators));
  TENFOLD_CHECK(check_chain(task, task.prologue, task.inputs[0]));
  TENFOLD_CHECK(check_chain(task, task.epilogue, task.outputs[0]));
  return check_params(task);
}

std::vector<Param> params(const Task& task) {
  std::vector<Param> all = (*find_op(task.op))->params(task);
  append_chain_params(all, task.prologue, task.inputs[0]);
  append_chain_params(all, task.epilogue, task.outputs[0]);
  return all;
}

double flops(const Task& task) {
  return (*find_op(task.op))->flops(task);
}

}  // namespace tenfold::dsl
