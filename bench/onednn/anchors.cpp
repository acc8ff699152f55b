// The other anchors as oneDNN's primitives, each with the task's epilogue as post-ops, and the
// table of all.
#include <iterator>
#include <map>

#include "bench/onednn/anchor_parts.h"

namespace tenfold::onednn {
namespace {

using dnnl::algorithm;
using dnnl::memory;

/// Anchors without constants of their own over x: `describe(source, dst, attributes)`.
template <class Describe, class Make>
void add_simple(Builder& builder, const Describe& describe, const Make& make,
                Arguments arguments = {}) {
  const Task& task = builder.task();
  const Desc source = builder.wanted(builder.dims_of(task.inputs[0]), false);
  const Desc output = builder.wanted(builder.dims_of(task.outputs[0]), false);
  add_before(builder, source);
  builder.take_params_of(Builder::Part::epilogue);
  const auto pd = with_chain(
      builder, task.epilogue, output, false,
      [&](const Desc& out, const Desc&, const dnnl::primitive_attr& attributes) {
        return describe(source, out, attributes);
      },
      arguments);
  run(builder, make(pd), pd.dst_desc(), std::move(arguments));
}

void add_matmul(Builder& builder) {
  const Task& task = builder.task();
  const Desc b = Builder::plain(builder.dims_of(task.inputs[1]));
  add_simple(
      builder,
      [&](const Desc& a, const Desc& out, const dnnl::primitive_attr& attributes) {
        return dnnl::matmul::primitive_desc(builder.engine(), a, b, out, attributes);
      },
      [](const auto& pd) { return dnnl::matmul(pd); }, {{DNNL_ARG_WEIGHTS, builder.input(1, b)}});
}

void add_pool(Builder& builder) {
  const Task& task = builder.task();
  const bool global = task.op.starts_with("global_");
  const bool largest = task.op == "max_pool2d" || task.op == "global_max_pool";
  if (task.op == "lp_pool2d") throw Unsupported{"oneDNN has no Lp pooling"};
  Geometry g = geometry_of(task);
  if (global) {
    const Dims& d = task.inputs[0].dims;
    g = {{d[1], d[2]}, {1, 1}, {0, 0}, {0, 0}, {0, 0}};
  }
  const algorithm how = largest ? algorithm::pooling_max
                        : task.attrs.get_int("count_include_pad", 0) == 1
                            ? algorithm::pooling_avg_include_padding
                            : algorithm::pooling_avg_exclude_padding;
  add_simple(
      builder,
      [&](const Desc& in, const Desc& out, const dnnl::primitive_attr& attributes) {
        return dnnl::pooling_forward::primitive_desc(builder.engine(), inference, how, in, out,
                                                     g.strides, g.kernel, g.dilation, g.before,
                                                     g.after, attributes);
      },
      [](const auto& pd) { return dnnl::pooling_forward(pd); });
}

void add_reduce(Builder& builder) {
  constexpr algorithm kinds[] = {
      algorithm::reduction_sum,         algorithm::reduction_mean,
      algorithm::reduction_max,         algorithm::reduction_min,
      algorithm::reduction_mul,         algorithm::reduction_norm_lp_power_p_sum,
      algorithm::reduction_norm_lp_sum, algorithm::reduction_norm_lp_power_p_sum};
  const int64_t kind = builder.task().attrs.get_int("kind", 0);
  if (kind >= static_cast<int64_t>(std::size(kinds)))
    throw Unsupported{"oneDNN has no reduction to a place"};
  const float p = kind == 5 ? 1.0f : 2.0f;
  add_simple(
      builder,
      [&](const Desc& in, const Desc& out, const dnnl::primitive_attr& attributes) {
        return dnnl::reduction::primitive_desc(builder.engine(), kinds[kind], in, out, p, 0.0f,
                                               attributes);
      },
      [](const auto& pd) { return dnnl::reduction(pd); });
}

void add_softmax(Builder& builder) {
  const Task& task = builder.task();
  const auto last = static_cast<int64_t>(task.inputs[0].dims.size()) - 1;
  const int64_t axis = task.attrs.get_int("axis", last);
  constexpr int of_map[] = {0, 2, 3, 1};
  const int dim = builder.maps() ? of_map[axis] : static_cast<int>(axis);
  const algorithm how =
      task.attrs.get_int("log", 0) == 1 ? algorithm::softmax_log : algorithm::softmax_accurate;
  add_simple(
      builder,
      [&](const Desc& in, const Desc& out, const dnnl::primitive_attr& attributes) {
        return dnnl::softmax_forward::primitive_desc(builder.engine(), inference, how, in, out, dim,
                                                     attributes);
      },
      [](const auto& pd) { return dnnl::softmax_forward(pd); });
}

void add_resize(Builder& builder) {
  const int64_t mode = builder.task().attrs.get_int("mode", 0);
  if (mode > 1) throw Unsupported{"oneDNN has no cubic resampling"};
  const algorithm how = mode == 0 ? algorithm::resampling_nearest : algorithm::resampling_linear;
  add_simple(
      builder,
      [&](const Desc& in, const Desc& out, const dnnl::primitive_attr& attributes) {
        return dnnl::resampling_forward::primitive_desc(builder.engine(), inference, how, in, out,
                                                        attributes);
      },
      [](const auto& pd) { return dnnl::resampling_forward(pd); });
}

void add_lrn(Builder& builder) {
  const Attrs& attrs = builder.task().attrs;
  if (!builder.task().epilogue.empty()) throw Unsupported{"oneDNN's lrn takes no post-ops"};
  add_simple(
      builder,
      [&](const Desc& in, const Desc& out, const dnnl::primitive_attr& attributes) {
        return dnnl::lrn_forward::primitive_desc(
            builder.engine(), inference, algorithm::lrn_across_channels, in, out,
            attrs.get_int("size", 5), static_cast<float>(attrs.get("alpha", 1e-4)),
            static_cast<float>(attrs.get("beta", 0.75)), static_cast<float>(attrs.get("bias", 1)),
            attributes);
      },
      [](const auto& pd) { return dnnl::lrn_forward(pd); });
}

const auto scaled = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;

Arguments scale_and_shift(Builder& builder) {
  Arguments arguments;
  for (const int argument : {DNNL_ARG_SCALE, DNNL_ARG_SHIFT}) {
    const Array& values = builder.next_param();
    const Desc desc = Builder::plain({values.elements()});
    arguments[argument] = builder.constant(values, desc, desc);
  }
  return arguments;
}

void add_layer_norm(Builder& builder) {
  const Task& task = builder.task();
  const auto last = static_cast<int64_t>(task.inputs[0].dims.size()) - 1;
  if (task.attrs.get_int("axis", last) != last)
    throw Unsupported{"oneDNN's layer normalisation is over the last dimension"};
  const auto epsilon = static_cast<float>(task.attrs.get("epsilon", 1e-5));
  Arguments arguments = scale_and_shift(builder);
  add_simple(
      builder,
      [&](const Desc& in, const Desc& out, const dnnl::primitive_attr& attributes) {
        return dnnl::layer_normalization_forward::primitive_desc(builder.engine(), inference, in,
                                                                 out, epsilon, scaled, attributes);
      },
      [](const auto& pd) { return dnnl::layer_normalization_forward(pd); }, std::move(arguments));
}

/// On a batch of one it is a batch normalisation that takes its statistics from the batch.
void add_instance_norm(Builder& builder) {
  const Task& task = builder.task();
  if (task.inputs[0].dims[0] != 1) throw Unsupported{"oneDNN 3.2 has no instance normalisation"};
  const auto epsilon = static_cast<float>(task.attrs.get("epsilon", 1e-5));
  Arguments arguments = scale_and_shift(builder);
  add_simple(
      builder,
      [&](const Desc& in, const Desc& out, const dnnl::primitive_attr& attributes) {
        return dnnl::batch_normalization_forward::primitive_desc(builder.engine(), inference, in,
                                                                 out, epsilon, scaled, attributes);
      },
      [](const auto& pd) { return dnnl::batch_normalization_forward(pd); }, std::move(arguments));
}

/// The chain alone.
void add_map(Builder& builder) {
  const Task& task = builder.task();
  if (task.inputs[0].dims != task.outputs[0].dims)
    throw Unsupported{"oneDNN broadcasts no first operand"};
  if (task.prologue.empty() && task.epilogue.empty())
    throw Unsupported{"a copy into another layout, which oneDNN would not make"};
  const Desc desc = builder.wanted(builder.dims_of(task.inputs[0]), false);
  add_before(builder, desc);
  builder.take_params_of(Builder::Part::epilogue);
  add_functions(builder, task.epilogue, 0, desc, !builder.variant().second_algorithm);
}

void add_transpose(Builder& builder) {
  const Task& task = builder.task();
  if (!task.epilogue.empty()) throw Unsupported{"oneDNN's reorder takes no such chain"};
  const DnnlDims in = builder.dims_of(task.inputs[0]), out = builder.dims_of(task.outputs[0]);
  add_before(builder, Builder::plain(in));
  const DnnlDims strides = Builder::plain(in).get_strides();
  DnnlDims turned(out.size());
  for (size_t i = 0; i < out.size(); ++i)
    turned[i] = strides[task.attrs.get_int("perm" + std::to_string(i), 0)];
  memory view(Desc(out, f32, turned), builder.engine(), builder.x.get_data_handle());
  builder.add_kept(builder.x);
  memory to(Builder::plain(out), builder.engine());
  builder.add(dnnl::reorder(view, to), {{DNNL_ARG_FROM, view}, {DNNL_ARG_TO, to}});
  builder.x = to;
}

void add_gather_channels(Builder& builder) {
  const Task& task = builder.task();
  if (!task.epilogue.empty()) throw Unsupported{"oneDNN's shuffle takes no post-ops"};
  const auto group = static_cast<int>(task.inputs[0].dims[3] / task.attrs.get_int("groups", 1));
  add_simple(
      builder,
      [&](const Desc& in, const Desc& out, const dnnl::primitive_attr& attributes) {
        return dnnl::shuffle_forward::primitive_desc(builder.engine(), inference, in, out, 1, group,
                                                     attributes);
      },
      [](const auto& pd) { return dnnl::shuffle_forward(pd); });
}

using AddAnchor = void (*)(Builder&);

const std::map<std::string, AddAnchor>& anchors() {
  static const std::map<std::string, AddAnchor> table = {
      {"conv2d", add_conv},
      {"conv_transpose2d", add_conv},
      {"depthwise_pointwise", add_separable},
      {"inverted_residual", add_separable},
      {"gemm", add_gemm},
      {"matmul", add_matmul},
      {"max_pool2d", add_pool},
      {"avg_pool2d", add_pool},
      {"lp_pool2d", add_pool},
      {"global_avg_pool", add_pool},
      {"global_max_pool", add_pool},
      {"reduce", add_reduce},
      {"softmax", add_softmax},
      {"resize2d", add_resize},
      {"lrn", add_lrn},
      {"layer_norm", add_layer_norm},
      {"instance_norm", add_instance_norm},
      {"map", add_map},
      {"transpose", add_transpose},
      {"gather_channels", add_gather_channels},
  };
  return table;
}

}  // namespace

void add_anchor(Builder& builder) {
  const auto found = anchors().find(builder.task().op);
  if (found == anchors().end()) throw Unsupported{"oneDNN has no " + builder.task().op};
  builder.take_params_of(Builder::Part::anchor);
  found->second(builder);
}

std::vector<Variant> variants_of(const Task& task) {
  using Layout = Variant::Layout;
  if (task.op == "gemm") return {{Layout::any, false}, {Layout::any, true}};
  const bool convolves =
      task.op == "conv2d" || task.op == "depthwise_pointwise" || task.op == "inverted_residual";
  if (convolves) return {{Layout::any, false}, {Layout::any, true}, {Layout::nhwc, false}};
  if (task.op == "conv_transpose2d") return {{Layout::any, false}, {Layout::nhwc, false}};
  if (task.outputs[0].dims.size() != 4) return {{Layout::nhwc, false}};
  std::vector<Variant> variants;
  for (const Layout layout : {Layout::nhwc, Layout::blocked8, Layout::blocked16})
    for (const bool second : {false, true})
      if (!second || task.op == "map") variants.push_back({layout, second});
  return variants;
}

}  // namespace tenfold::onednn
