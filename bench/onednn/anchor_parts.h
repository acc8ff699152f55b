// What the anchors' files share.
#pragma once
#include <utility>

#include "bench/onednn/builder.h"

namespace tenfold::onednn {

using Arguments = std::unordered_map<int, dnnl::memory>;

constexpr auto f32 = dnnl::memory::data_type::f32;
constexpr auto inference = dnnl::prop_kind::forward_inference;

struct Geometry {
  DnnlDims kernel, strides, dilation, before, after;
};

inline Geometry geometry_of(const Task& task) {
  const dsl::Window w = dsl::window_of(task.attrs);
  return {{w.kernel_h, w.kernel_w},
          {w.stride_h, w.stride_w},
          {w.dilation_h - 1, w.dilation_w - 1},
          {w.pad_top, w.pad_left},
          {w.pad_bottom, w.pad_right}};
}

inline Desc any(const DnnlDims& dims) {
  return {dims, f32, Tag::any};
}

/// Where the chain begins with a bias, the primitive's own argument takes it.
inline bool begins_with_bias(const std::vector<Stage>& chain) {
  return !chain.empty() && chain[0].kind == "bias";
}

inline dnnl::memory bias_of(Builder& builder) {
  const Array& values = builder.next_param();
  const Desc desc = Builder::plain({values.elements()});
  return builder.constant(values, desc, desc);
}

/// Makes the primitive descriptor twice: without the chain, to learn the output's layout, and with
/// it, its operands lying like the output. `describe(dst, bias, attributes)` makes one.
template <class Describe>
auto with_chain(Builder& builder, const std::vector<Stage>& chain, const Desc& output,
                bool takes_bias, const Describe& describe, Arguments& arguments) {
  const bool bias = takes_bias && begins_with_bias(chain);
  const DnnlDims channels{output.get_dims()[builder.maps() ? 1 : output.get_dims().size() - 1]};
  const Desc bias_desc = bias ? Builder::plain(channels) : Desc();
  const Desc layout = describe(output, bias_desc, dnnl::primitive_attr()).dst_desc();
  if (bias) arguments[DNNL_ARG_BIAS] = bias_of(builder);
  const dnnl::primitive_attr attributes = builder.post_ops(chain, bias ? 1 : 0, layout, arguments);
  return describe(layout, bias_desc, attributes);
}

inline void run(Builder& builder, dnnl::primitive primitive, const Desc& output,
                Arguments arguments) {
  dnnl::memory out(output, builder.engine());
  arguments[DNNL_ARG_SRC] = builder.x;
  arguments[DNNL_ARG_DST] = out;
  builder.add(std::move(primitive), std::move(arguments));
  builder.x = out;
}

/// conv2d and conv_transpose2d; depthwise_pointwise and inverted_residual; gemm.
void add_conv(Builder& builder);
void add_separable(Builder& builder);
void add_gemm(Builder& builder);

}  // namespace tenfold::onednn
