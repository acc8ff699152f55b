// Builds a Plan: what anchors and stages share.
#pragma once
#include <optional>

#include "bench/onednn/plan.h"
#include "dsl/window.h"

namespace tenfold::onednn {

using Desc = dnnl::memory::desc;
using Tag = dnnl::memory::format_tag;
using DnnlDims = dnnl::memory::dims;

/// Thrown inside this program where oneDNN has no such operator; make_plan returns it as an error.
struct Unsupported {
  std::string what;
};

/// A stage as one of oneDNN's element-wise functions, with its numbers.
struct EltwiseCall {
  dnnl::algorithm kind;
  float alpha, beta;
};
std::optional<EltwiseCall> eltwise_of(const Stage& stage);

/// A stage as one of its binary ones, whose second operand is an input or one number a channel.
std::optional<dnnl::algorithm> binary_of(const Stage& stage);

class Builder {
 public:
  Builder(const dnnl::engine& engine, const Problem& problem, const Variant& variant);

  const Task& task() const { return problem_.task; }
  const Problem& problem() const { return problem_; }
  const Variant& variant() const { return variant_; }
  const dnnl::engine& engine() const { return engine_; }
  bool maps() const { return maps_; }

  /// Dims as oneDNN orders them: feature maps {N, C, H, W}, others as they are.
  DnnlDims dims_of(const View& view) const;
  /// A layout in which this variant's primitives are asked for; `any` only where it is allowed.
  Desc wanted(const DnnlDims& dims, bool any_allowed) const;
  /// Rank r in its own order.
  static Desc plain(const DnnlDims& dims);

  /// A given input or constant in a layout; converted now, not timed.
  dnnl::memory input(size_t index, const Desc& desc);
  dnnl::memory constant(const Array& values, const Desc& user, const Desc& desc);
  /// Constants come in the order anchor, prologue, epilogue; the part that is built says where it
  /// takes them from.
  enum class Part { anchor, prologue, epilogue };
  size_t take_params_of(Part part);  // where they were taken from before
  void take_params_from(size_t position) { next_param_ = position; }
  const Array& next_param() { return problem_.params[next_param_++]; }

  /// A binary stage's second operand: an input, in the layout `whole` where it has that shape, or
  /// the next constant.
  dnnl::memory operand_of(const Stage& stage, const Desc& whole);

  /// Attributes with the stages from `first` on as post-ops. `output` is the layout of operands.
  /// The memories they read are in `arguments`.
  dnnl::primitive_attr post_ops(const std::vector<Stage>& chain, size_t first, const Desc& output,
                                std::unordered_map<int, dnnl::memory>& arguments);

  /// Memory that a view of the plan's looks at.
  void add_kept(dnnl::memory memory) { plan_.kept.push_back(std::move(memory)); }
  void add(dnnl::primitive primitive, std::unordered_map<int, dnnl::memory> arguments);
  /// x in another layout: a step that is timed, unless nothing has been computed yet.
  void convert_x(const Desc& desc);

  dnnl::memory x;  // what the next primitive reads

  Plan finish();

 private:
  const dnnl::engine engine_;
  const Problem& problem_;
  const Variant variant_;
  const bool maps_;
  size_t next_param_ = 0;
  Plan plan_;
};

/// The anchor with its epilogue. `x` holds inputs[0]; its layout may still be changed while
/// `x_given`.
void add_anchor(Builder& builder);

/// Puts functions behind x as primitives of their own, their results in the layout `desc`: the
/// stages from `first` on, each by itself, or all in one with post-ops where `merged`.
void add_functions(Builder& builder, const std::vector<Stage>& chain, size_t first,
                   const Desc& desc, bool merged);

/// Where x is computed before the anchor: prologue, shuffle, concatenation.
void add_before(Builder& builder, const Desc& wanted);

}  // namespace tenfold::onednn
