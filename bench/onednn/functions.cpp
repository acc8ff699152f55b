// Functions as primitives of their own: what stands before an anchor, for oneDNN's have no
// functions on load, and chains that stand alone.
#include <utility>

#include "bench/onednn/builder.h"

namespace tenfold::onednn {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;

void put(Builder& builder, dnnl::primitive primitive, const Desc& desc, int source,
         std::unordered_map<int, memory> arguments) {
  memory out(desc, builder.engine());
  arguments[source] = builder.x;
  arguments[DNNL_ARG_DST] = out;
  builder.add(std::move(primitive), std::move(arguments));
  builder.x = out;
}

/// scale_shift, with a relu behind it where there is one: a batch normalisation. Returns how many
/// stages it served.
size_t add_normalisation(Builder& builder, const std::vector<Stage>& chain, size_t at,
                         const Desc& desc) {
  const bool relu = at + 1 < chain.size() && chain[at + 1].kind == "relu";
  auto flags = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift |
               dnnl::normalization_flags::use_global_stats;
  if (relu) flags = flags | dnnl::normalization_flags::fuse_norm_relu;
  const dnnl::batch_normalization_forward::primitive_desc pd(
      builder.engine(), prop_kind::forward_inference, builder.x.get_desc(), desc, 0.0f, flags);
  const Array& scale = builder.next_param();
  const Array& shift = builder.next_param();
  const Desc line = Builder::plain({scale.elements()});
  const Array zeros(DType::f32, scale.dims());
  Array ones(DType::f32, scale.dims());
  for (float& value : ones.as<float>()) value = 1;
  put(builder, dnnl::batch_normalization_forward(pd), desc, DNNL_ARG_SRC,
      {{DNNL_ARG_MEAN, builder.constant(zeros, line, line)},
       {DNNL_ARG_VARIANCE, builder.constant(ones, line, line)},
       {DNNL_ARG_SCALE, builder.constant(scale, line, line)},
       {DNNL_ARG_SHIFT, builder.constant(shift, line, line)}});
  return relu ? 2 : 1;
}

void add_prelu(Builder& builder, const Stage& stage, const Desc& desc) {
  const memory slopes = builder.operand_of(stage, desc);
  const dnnl::prelu_forward::primitive_desc pd(builder.engine(), prop_kind::forward_inference,
                                               builder.x.get_desc(), slopes.get_desc(), desc);
  put(builder, dnnl::prelu_forward(pd), desc, DNNL_ARG_SRC, {{DNNL_ARG_WEIGHTS, slopes}});
}

}  // namespace

void add_functions(Builder& builder, const std::vector<Stage>& chain, size_t first,
                   const Desc& desc, bool merged) {
  for (size_t at = first; at < chain.size();) {
    const Stage& stage = chain[at];
    if (stage.kind == "scale_shift" && builder.maps()) {
      at += add_normalisation(builder, chain, at, desc);
      continue;
    }
    ++at;
    if (stage.kind == "prelu") {
      add_prelu(builder, stage, desc);
      continue;
    }
    const auto eltwise = eltwise_of(stage);
    const auto binary = binary_of(stage);
    if (!eltwise && !binary) throw Unsupported{"oneDNN has no function " + stage.kind};
    std::unordered_map<int, memory> arguments;
    memory operand;
    if (binary) operand = builder.operand_of(stage, desc);
    dnnl::primitive_attr attributes;
    if (merged)
      attributes = builder.post_ops(chain, std::exchange(at, chain.size()), desc, arguments);
    if (eltwise) {
      const dnnl::eltwise_forward::primitive_desc pd(builder.engine(), prop_kind::forward_inference,
                                                     eltwise->kind, builder.x.get_desc(), desc,
                                                     eltwise->alpha, eltwise->beta, attributes);
      put(builder, dnnl::eltwise_forward(pd), desc, DNNL_ARG_SRC, std::move(arguments));
    } else {
      const dnnl::binary::primitive_desc pd(builder.engine(), *binary, builder.x.get_desc(),
                                            operand.get_desc(), desc, attributes);
      arguments[DNNL_ARG_SRC_1] = operand;
      put(builder, dnnl::binary(pd), desc, DNNL_ARG_SRC_0, std::move(arguments));
    }
  }
}

}  // namespace tenfold::onednn
