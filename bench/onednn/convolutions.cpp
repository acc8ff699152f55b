// Convolutions and fully connected layers: their weights come in the layout that oneDNN asks for.
#include "bench/onednn/anchor_parts.h"

namespace tenfold::onednn {
namespace {

using dnnl::algorithm;
using dnnl::memory;

struct Convolution {
  Geometry geometry;
  int64_t groups = 1;
  bool transposed = false;
};

/// One convolution of x, or of the task's input where `first`.
void add_convolution(Builder& builder, const Convolution& conv, const DnnlDims& input,
                     const DnnlDims& output, const std::vector<Stage>& chain, bool first,
                     bool is_last) {
  const Array& weights = builder.next_param();
  const Geometry& g = conv.geometry;
  const int64_t groups = conv.groups, k = output[1] / groups, c = input[1] / groups;
  const DnnlDims taps = g.kernel;
  DnnlDims dims =
      groups > 1 ? DnnlDims{groups, k, c, taps[0], taps[1]} : DnnlDims{k, c, taps[0], taps[1]};
  const Tag order = !conv.transposed ? (groups > 1 ? Tag::goihw : Tag::oihw)
                                     : (groups > 1 ? Tag::giohw : Tag::iohw);
  const Desc user(dims, f32, order);
  if (is_last) builder.take_params_of(Builder::Part::epilogue);
  Arguments arguments;
  const auto finish = [&](const auto& pd, auto primitive) {
    if (first)
      add_before(builder, pd.src_desc());
    else
      builder.convert_x(pd.src_desc());
    arguments[DNNL_ARG_WEIGHTS] = builder.constant(weights, user, pd.weights_desc());
    run(builder, std::move(primitive), pd.dst_desc(), std::move(arguments));
  };
  const Desc source = builder.wanted(input, true), wanted = builder.wanted(output, true);
  const auto describe = [&](auto kind, algorithm how) {
    using Primitive = decltype(kind);
    return with_chain(
        builder, chain, wanted, true,
        [&](const Desc& out, const Desc& bias, const dnnl::primitive_attr& attributes) {
          return typename Primitive::primitive_desc(builder.engine(), inference, how, source,
                                                    any(dims), bias, out, g.strides, g.dilation,
                                                    g.before, g.after, attributes);
        },
        arguments);
  };
  if (conv.transposed) {
    const auto pd = describe(dnnl::deconvolution_forward(), algorithm::deconvolution_direct);
    return finish(pd, dnnl::deconvolution_forward(pd));
  }
  const auto pd = describe(dnnl::convolution_forward(), builder.variant().second_algorithm
                                                            ? algorithm::convolution_auto
                                                            : algorithm::convolution_direct);
  finish(pd, dnnl::convolution_forward(pd));
}

}  // namespace

void add_conv(Builder& builder) {
  const Task& task = builder.task();
  Convolution conv{geometry_of(task), task.attrs.get_int("groups", 1),
                   task.op == "conv_transpose2d"};
  if (conv.transposed) {
    conv.geometry.after[0] -= task.attrs.get_int("output_pad_h", 0);
    conv.geometry.after[1] -= task.attrs.get_int("output_pad_w", 0);
  }
  add_convolution(builder, conv, builder.dims_of(task.inputs[0]), builder.dims_of(task.outputs[0]),
                  task.epilogue, true, true);
}

/// [expand], depthwise, project, each with the chain behind it.
void add_separable(Builder& builder) {
  const Task& task = builder.task();
  const DnnlDims in = builder.dims_of(task.inputs[0]), out = builder.dims_of(task.outputs[0]);
  const bool expands = task.op == "inverted_residual";
  const int64_t wide = expands ? task.attrs.get_int("expanded", 0) : in[1];
  const auto chain = [&](size_t i) {
    return i < task.inner.size() ? task.inner[i] : std::vector<Stage>();
  };
  const Convolution pointwise{{{1, 1}, {1, 1}, {0, 0}, {0, 0}, {0, 0}}};
  const DnnlDims before{in[0], wide, in[2], in[3]}, between{in[0], wide, out[2], out[3]};
  size_t at = 0;
  if (expands) add_convolution(builder, pointwise, in, before, chain(at++), true, false);
  add_convolution(builder, {geometry_of(task), wide}, before, between, chain(at), !expands, false);
  add_convolution(builder, pointwise, between, out, task.epilogue, false, true);
}

void add_gemm(Builder& builder) {
  const Task& task = builder.task();
  const Array& weights = builder.next_param();
  const DnnlDims in = builder.dims_of(task.inputs[0]), out = builder.dims_of(task.outputs[0]);
  const int64_t n = out[1], k = in[1];
  builder.take_params_of(Builder::Part::epilogue);
  Arguments arguments;
  if (builder.variant().second_algorithm) {
    const bool bias = begins_with_bias(task.epilogue);
    const Desc bias_desc = bias ? Builder::plain({1, n}) : Desc();
    if (bias) {
      const Array& values = builder.next_param();
      arguments[DNNL_ARG_BIAS] = builder.constant(values, bias_desc, bias_desc);
    }
    const auto attributes =
        builder.post_ops(task.epilogue, bias ? 1 : 0, Builder::plain(out), arguments);
    const dnnl::matmul::primitive_desc pd(builder.engine(), Builder::plain(in), any({k, n}),
                                          bias_desc, Builder::plain(out), attributes);
    add_before(builder, pd.src_desc());
    arguments[DNNL_ARG_WEIGHTS] =
        builder.constant(weights, Desc({k, n}, f32, Tag::ba), pd.weights_desc());
    return run(builder, dnnl::matmul(pd), pd.dst_desc(), std::move(arguments));
  }
  const auto pd = with_chain(
      builder, task.epilogue, any(out), true,
      [&](const Desc& output, const Desc& bias, const dnnl::primitive_attr& attributes) {
        return dnnl::inner_product_forward::primitive_desc(builder.engine(), inference, any(in),
                                                           any({n, k}), bias, output, attributes);
      },
      arguments);
  add_before(builder, pd.src_desc());
  arguments[DNNL_ARG_WEIGHTS] =
      builder.constant(weights, Builder::plain({n, k}), pd.weights_desc());
  run(builder, dnnl::inner_product_forward(pd), pd.dst_desc(), std::move(arguments));
}

}  // namespace tenfold::onednn
