#include "graph/task_builder.h"

#include <algorithm>

#include "dsl/op.h"
#include "dsl/stage.h"
#include "graph/halos.h"
#include "graph/strides.h"
#include "graph/task_attrs.h"
#include "graph/upsampling.h"

namespace tenfold::graph {
namespace {

/// The stage that has its operand on the chain's side and the chain on the operand's.
std::string swapped(const std::string& kind) {
  if (kind == "sub") return "rsub";
  if (kind == "rsub") return "sub";
  if (kind == "div") return "rdiv";
  if (kind == "rdiv") return "div";
  return kind;
}

/// The same elements with these dims; one number where dims want many is repeated. Nothing when
/// they don't fit.
std::shared_ptr<const Array> with_dims(const std::shared_ptr<const Array>& array,
                                       const Dims& dims) {
  if (array->dims() == dims) return array;
  const int64_t wanted = *volume(dims);
  if (array->elements() != wanted && array->elements() != 1) return nullptr;
  auto made = std::make_shared<Array>(DType::f32, dims);
  const auto from = array->as<float>();
  for (int64_t i = 0; i < wanted; ++i) made->as<float>()[i] = from[array->elements() == 1 ? 0 : i];
  return made;
}

bool covers(const Halo& halo, const Halo& wanted) {
  return halo.top >= wanted.top && halo.left >= wanted.left && halo.bottom >= wanted.bottom &&
         halo.right >= wanted.right;
}

class Drafter {
 public:
  Drafter(const PlanContext& context, const Group& group) : context_(context), group_(group) {
    made_.nodes = group.nodes();
    const int first = group.anchor >= 0 ? group.anchor : made_.nodes.front();
    model_order_ = group.anchor >= 0 && in_model_order(node(first));
    if (!group.upsampled.empty())
      repeats_ = repeated_pixels(context.network, node(group.upsampled.front()));
  }

  Result<Candidate> run() {
    TensorId x = no_tensor;
    if (!group_.prologue.empty()) x = chain_input(group_.prologue.front());
    TENFOLD_CHECK(add_anchor(x));
    const size_t anchor_stages = made_.task.epilogue.size();
    TENFOLD_CHECK(add_chain(group_.prologue, made_.task.prologue, prologue_params_));
    TENFOLD_CHECK(add_chain(group_.epilogue, made_.task.epilogue, epilogue_params_));
    assert(anchor_stages <= 1);
    const int last = group_.epilogue.empty() ? group_.anchor : group_.epilogue.back().node;
    auto [view, operand] = operand_of(context_, node(last).outputs[0], {}, model_order_);
    if (repeats_) view = with_runs(view, *repeats_);
    made_.task.outputs.push_back(std::move(view));
    made_.outputs.push_back(operand);
    if (const Status status = dsl::check(made_.task); !status) return refuse(status.error());
    TENFOLD_CHECK(add_params());
    made_.name = joined_names();
    made_.tensor = tensor(node(last).outputs[0]).name;
    return std::move(made_);
  }

 private:
  const Node& node(int id) const { return context_.network.nodes[id]; }
  const Tensor& tensor(TensorId id) const { return context_.network.tensors[id]; }
  TensorId chain_input(const ChainLink& link) const {
    return node(link.node).inputs[link.chain_input];
  }

  Error refuse(const Error& error) const {
    return {error.code, context_.network.file + ": node '" + node(made_.nodes.front()).name +
                            "': " + error.message};
  }

  void add_input(TensorId id, const Halo& wanted) {
    const bool small =
        std::ranges::find(group_.upsampled, context_.uses.maker[id]) != group_.upsampled.end();
    if (small) id = node(context_.uses.maker[id]).inputs[0];
    auto [view, operand] = operand_of(context_, id, wanted, model_order_);
    if (repeats_) view = small ? over_runs(view) : with_runs(view, *repeats_);
    made_.task.inputs.push_back(std::move(view));
    made_.inputs.push_back(operand);
  }

  Status add_anchor(TensorId prologue_x) {
    if (group_.anchor < 0) {
      made_.task.op = "map";
      add_input(chain_input(group_.epilogue.front()), {});
      return {};
    }
    const Node& anchor = node(group_.anchor);
    made_.task.op = anchor.op == "channel_shuffle" ? "gather_channels" : anchor.op;
    made_.task.attrs = task_attrs(anchor, model_order_ ? 0 : tensor(anchor.inputs[0]).dims.size());
    for (size_t i = 0; i < anchor.inputs.size(); ++i) {
      const TensorId input = anchor.inputs[i];
      if (tensor(input).constant && !reads_in_place(anchor))
        anchor_params_.push_back(tensor(input).constant);
      else
        add_input(i == 0 && prologue_x != no_tensor ? prologue_x : input,
                  i == 0 ? zero_padding(context_.network, anchor) : Halo{});
    }
    if (made_.task.inputs.empty())
      return refuse({ErrorCode::unsupported, anchor.op + " reads nothing but constants"});
    // The further constant of an operator with weights is its bias.
    const bool weighted =
        anchor.op.starts_with("conv") || anchor.op == "deform_conv2d" || anchor.op == "gemm";
    if (weighted && anchor_params_.size() == 2) {
      made_.task.epilogue.push_back({"bias", {}, -1});
      epilogue_params_.push_back(anchor_params_.back());
      anchor_params_.pop_back();
    }
    return {};
  }

  Status add_chain(const std::vector<ChainLink>& links, std::vector<Stage>& stages,
                   std::vector<std::shared_ptr<const Array>>& params) {
    for (const ChainLink& link : links) {
      const Node& stage = node(link.node);
      if (stage.op == "map") continue;
      Stage made{link.chain_input == 0 ? stage.op : swapped(stage.op),
                 stage.attr_floats("values", {}), -1};
      for (size_t i = 0; i < stage.inputs.size(); ++i) {
        if (static_cast<int>(i) == link.chain_input) continue;
        if ((*dsl::find_stage(stage.op))->needs != dsl::StageNeeds::operand) {
          params.push_back(tensor(stage.inputs[i]).constant);
        } else {
          made.input = static_cast<int>(made_.task.inputs.size());
          add_input(stage.inputs[i], {});
        }
      }
      stages.push_back(std::move(made));
    }
    return {};
  }

  Status add_params() {
    std::vector<std::shared_ptr<const Array>> all = anchor_params_;
    all.insert(all.end(), prologue_params_.begin(), prologue_params_.end());
    all.insert(all.end(), epilogue_params_.begin(), epilogue_params_.end());
    const std::vector<dsl::Param> wanted = dsl::params(made_.task);
    if (all.size() != wanted.size())
      return refuse({ErrorCode::unsupported, made_.task.op + " takes " +
                                                 std::to_string(wanted.size()) +
                                                 " constants, has " + std::to_string(all.size())});
    for (size_t i = 0; i < all.size(); ++i) {
      if (!all[i]) return refuse({ErrorCode::unsupported, wanted[i].name + " must be a constant"});
      auto fitted = with_dims(all[i], wanted[i].dims);
      if (!fitted)
        return refuse({ErrorCode::invalid_shape, wanted[i].name + " has shape " +
                                                     to_string(all[i]->dims()) + ", expected " +
                                                     to_string(wanted[i].dims)});
      made_.params.push_back(std::move(fitted));
    }
    return {};
  }

  std::string joined_names() const {
    std::string names, previous;
    for (int id : made_.nodes) {
      const std::string& name = node(id).name;
      if (name != previous) names += (names.empty() ? "" : "+") + name;
      previous = name;
    }
    return names;
  }

  const PlanContext& context_;
  const Group& group_;
  Candidate made_;
  bool model_order_ = false;
  std::optional<Repeats> repeats_;
  std::vector<std::shared_ptr<const Array>> anchor_params_, prologue_params_, epilogue_params_;
};

}  // namespace

std::vector<int> Group::nodes() const {
  std::vector<int> all;
  for (const ChainLink& link : prologue) all.push_back(link.node);
  if (anchor >= 0) all.push_back(anchor);
  for (const ChainLink& link : epilogue) all.push_back(link.node);
  all.insert(all.end(), upsampled.begin(), upsampled.end());
  std::ranges::sort(all);
  return all;
}

std::pair<View, Operand> operand_at(const PlanContext& context, View view, int root) {
  Operand operand{root, 0};
  if (context.device != DeviceKind::cpu) return {std::move(view), operand};
  int64_t first = view.offset;
  if (view.halo != Halo{})
    first -= view.halo.top * view.strides[1] + view.halo.left * view.strides[2];
  operand.base_bytes = first * size_bytes(view.type) / 64 * 64;
  view.offset -= operand.base_bytes / size_bytes(view.type);
  return {std::move(view), operand};
}

std::pair<View, Operand> operand_of(const PlanContext& context, TensorId tensor, const Halo& wanted,
                                    bool model_order) {
  const Place& place = context.layout.places[tensor];
  View view = place.view;
  view.halo = covers(view.halo, wanted) ? wanted : Halo{};
  if (model_order) {
    view.dims = to_model_order(view.dims);
    view.strides = to_model_order(view.strides);
  }
  return operand_at(context, std::move(view), place.root);
}

Result<Candidate> build_task(const PlanContext& context, const Group& group) {
  return Drafter(context, group).run();
}

}  // namespace tenfold::graph
