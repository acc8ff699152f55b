// What comes before the anchor, as primitives of its own: oneDNN's convolutions have no functions
// on load.
#include "bench/onednn/builder.h"

namespace tenfold::onednn {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;

/// scale_shift, with a relu behind it where there is one: a batch normalisation. Returns how many
/// stages it served.
size_t add_normalisation(Builder& builder, size_t at, const Desc& wanted) {
  const std::vector<Stage>& chain = builder.task().prologue;
  const bool relu = at + 1 < chain.size() && chain[at + 1].kind == "relu";
  auto flags = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift |
               dnnl::normalization_flags::use_global_stats;
  if (relu) flags = flags | dnnl::normalization_flags::fuse_norm_relu;
  const dnnl::batch_normalization_forward::primitive_desc pd(
      builder.engine(), prop_kind::forward_inference, builder.x.get_desc(), wanted, 0.0f, flags);
  const Array& scale = builder.next_param();
  const Array& shift = builder.next_param();
  const DnnlDims dims{scale.elements()};
  const Desc desc = Builder::plain(dims);
  const Array zeros(DType::f32, scale.dims());
  Array ones(DType::f32, scale.dims());
  for (float& value : ones.as<float>()) value = 1;
  memory out(wanted, builder.engine());
  builder.add(dnnl::batch_normalization_forward(pd),
              {{DNNL_ARG_SRC, builder.x},
               {DNNL_ARG_MEAN, builder.constant(zeros, desc, desc)},
               {DNNL_ARG_VARIANCE, builder.constant(ones, desc, desc)},
               {DNNL_ARG_SCALE, builder.constant(scale, desc, desc)},
               {DNNL_ARG_SHIFT, builder.constant(shift, desc, desc)},
               {DNNL_ARG_DST, out}});
  builder.x = out;
  return relu ? 2 : 1;
}

/// A gate or another operand: a binary primitive, with the stages behind it as post-ops.
void add_functions(Builder& builder, size_t at, const Desc& wanted) {
  const std::vector<Stage>& chain = builder.task().prologue;
  std::unordered_map<int, memory> arguments;
  const dnnl::primitive_attr attributes = builder.post_ops(chain, at, wanted, arguments);
  // A linear function that changes nothing carries the chain.
  const dnnl::eltwise_forward::primitive_desc pd(builder.engine(), prop_kind::forward_inference,
                                                 algorithm::eltwise_linear, builder.x.get_desc(),
                                                 wanted, 1.0f, 0.0f, attributes);
  memory out(wanted, builder.engine());
  arguments[DNNL_ARG_SRC] = builder.x;
  arguments[DNNL_ARG_DST] = out;
  builder.add(dnnl::eltwise_forward(pd), std::move(arguments));
  builder.x = out;
}

void add_gate(Builder& builder, const Stage& stage, const Desc& wanted) {
  const View& view = builder.task().inputs[static_cast<size_t>(stage.input)];
  const memory gate =
      builder.input(static_cast<size_t>(stage.input), Builder::plain(builder.dims_of(view)));
  const dnnl::binary::primitive_desc pd(builder.engine(), algorithm::binary_mul,
                                        builder.x.get_desc(), gate.get_desc(), wanted);
  memory out(wanted, builder.engine());
  builder.add(dnnl::binary(pd),
              {{DNNL_ARG_SRC_0, builder.x}, {DNNL_ARG_SRC_1, gate}, {DNNL_ARG_DST, out}});
  builder.x = out;
}

void add_shuffle(Builder& builder, const Desc& wanted) {
  const int64_t channels = wanted.get_dims()[1];
  const dnnl::shuffle_forward::primitive_desc pd(
      builder.engine(), prop_kind::forward_inference, wanted, wanted, 1,
      static_cast<int>(channels / builder.problem().shuffle_groups));
  memory out(wanted, builder.engine());
  builder.add(dnnl::shuffle_forward(pd), {{DNNL_ARG_SRC, builder.x}, {DNNL_ARG_DST, out}});
  builder.x = out;
}

/// x's channels come as tensors of their own, in the layout that the concatenation then has.
void add_concat(Builder& builder, const Desc& wanted) {
  std::vector<Desc> descs;
  std::vector<memory> parts;
  DnnlDims offset(4, 0);
  for (const int64_t channels : builder.problem().concat) {
    DnnlDims dims = wanted.get_dims();
    dims[1] = channels;
    descs.push_back(builder.wanted(dims, false));
    memory part(descs.back(), builder.engine());
    dnnl::stream stream(builder.engine());
    const Desc from = Builder::plain(wanted.get_dims()).submemory_desc(dims, offset);
    const memory all = builder.input(0, Builder::plain(wanted.get_dims()));
    memory slice(from, builder.engine(), all.get_data_handle());
    dnnl::reorder(slice, part).execute(stream, slice, part);
    stream.wait();
    parts.push_back(part);
    offset[1] += channels;
  }
  const dnnl::concat::primitive_desc pd(builder.engine(), wanted, 1, descs);
  memory out(wanted, builder.engine());
  std::unordered_map<int, memory> arguments{{DNNL_ARG_DST, out}};
  for (size_t i = 0; i < parts.size(); ++i)
    arguments[DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i)] = parts[i];
  builder.add(dnnl::concat(pd), std::move(arguments));
  builder.x = out;
}

}  // namespace

bool has_before(const Problem& problem) {
  return !problem.task.prologue.empty() || problem.shuffle_groups > 1 || !problem.concat.empty();
}

void add_before(Builder& builder, const Desc& wanted) {
  if (!builder.problem().concat.empty())
    add_concat(builder, wanted);
  else
    builder.x = builder.input(0, wanted);
  builder.take_params_of(Builder::Part::prologue);
  const std::vector<Stage>& chain = builder.task().prologue;
  for (size_t at = 0; at < chain.size();) {
    if (chain[at].kind == "scale_shift" && builder.maps()) {
      at += add_normalisation(builder, at, wanted);
    } else if (chain[at].kind == "mul" && at + 1 == chain.size()) {
      add_gate(builder, chain[at++], wanted);
    } else {
      add_functions(builder, at, wanted);
      at = chain.size();
    }
  }
  if (builder.problem().shuffle_groups > 1) add_shuffle(builder, wanted);
}

}  // namespace tenfold::onednn
