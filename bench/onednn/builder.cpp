#include "bench/onednn/builder.h"

#include <cstring>
#include <map>

#include "dsl/stage.h"

namespace tenfold::onednn {
namespace {

using dnnl::algorithm;
using dnnl::memory;

/// Stage kinds that are one of oneDNN's element-wise functions; alpha and beta from the values, in
/// the order given.
struct Eltwise {
  algorithm kind;
  double alpha, beta;  // where the stage has no number for them
};

const std::map<std::string, Eltwise>& eltwise_kinds() {
  static const std::map<std::string, Eltwise> table = {
      {"relu", {algorithm::eltwise_relu, 0, 0}},
      {"clip", {algorithm::eltwise_clip, 0, 0}},
      {"hard_swish", {algorithm::eltwise_hardswish, 1.0 / 6, 0.5}},
      {"silu", {algorithm::eltwise_swish, 1, 0}},
      {"sigmoid", {algorithm::eltwise_logistic, 0, 0}},
      {"tanh", {algorithm::eltwise_tanh, 0, 0}},
      {"gelu", {algorithm::eltwise_gelu_erf, 0, 0}},
      {"gelu_tanh", {algorithm::eltwise_gelu_tanh, 0, 0}},
      {"mish", {algorithm::eltwise_mish, 0, 0}},
      {"elu", {algorithm::eltwise_elu, 1, 0}},
      {"leaky_relu", {algorithm::eltwise_relu, 0.01, 0}},
      {"hard_sigmoid", {algorithm::eltwise_hardsigmoid, 0.2, 0.5}},
      {"softplus", {algorithm::eltwise_soft_relu, 1, 0}},
      {"exp", {algorithm::eltwise_exp, 0, 0}},
      {"log", {algorithm::eltwise_log, 0, 0}},
      {"sqrt", {algorithm::eltwise_sqrt, 0, 0}},
      {"abs", {algorithm::eltwise_abs, 0, 0}},
      {"round", {algorithm::eltwise_round, 0, 0}},
      {"neg", {algorithm::eltwise_linear, -1, 0}},
      {"reciprocal", {algorithm::eltwise_pow, 1, -1}},
      {"affine", {algorithm::eltwise_linear, 1, 0}},
  };
  return table;
}

const std::map<std::string, algorithm>& binary_kinds() {
  static const std::map<std::string, algorithm> table = {
      {"add", algorithm::binary_add},  {"sub", algorithm::binary_sub},
      {"mul", algorithm::binary_mul},  {"div", algorithm::binary_div},
      {"max", algorithm::binary_max},  {"min", algorithm::binary_min},
      {"bias", algorithm::binary_add}, {"scale", algorithm::binary_mul},
  };
  return table;
}

bool is_map(const Task& task) {
  return task.outputs[0].dims.size() == 4 && task.op != "matmul" && task.op != "transpose" &&
         task.op != "layer_norm";
}

Desc strided(const DnnlDims& dims, const DnnlDims& strides) {
  return {dims, memory::data_type::f32, strides};
}

memory filled(const dnnl::engine& engine, const Desc& desc, const Array& values) {
  memory made(desc, engine);
  std::memcpy(made.get_data_handle(), values.bytes(), static_cast<size_t>(values.size_bytes()));
  return made;
}

memory converted(const dnnl::engine& engine, memory from, const Desc& desc) {
  if (from.get_desc() == desc) return from;
  memory to(desc, engine);
  dnnl::stream stream(engine);
  dnnl::reorder(from, to).execute(stream, from, to);
  stream.wait();
  return to;
}

}  // namespace

std::optional<EltwiseCall> eltwise_of(const Stage& stage) {
  if (stage.kind == "pow")
    return EltwiseCall{algorithm::eltwise_pow, 1, static_cast<float>(stage.values[0])};
  const auto found = eltwise_kinds().find(stage.kind);
  if (found == eltwise_kinds().end()) return std::nullopt;
  const auto value = [&](size_t at, double otherwise) {
    return static_cast<float>(at < stage.values.size() ? stage.values[at] : otherwise);
  };
  return EltwiseCall{found->second.kind, value(0, found->second.alpha),
                     value(1, found->second.beta)};
}

std::optional<algorithm> binary_of(const Stage& stage) {
  const auto found = binary_kinds().find(stage.kind);
  if (found == binary_kinds().end()) return std::nullopt;
  return found->second;
}

Builder::Builder(const dnnl::engine& engine, const Problem& problem, const Variant& variant)
    : engine_(engine), problem_(problem), variant_(variant), maps_(is_map(problem.task)) {}

DnnlDims Builder::dims_of(const View& view) const {
  const Dims& d = view.dims;
  if (maps_ && d.size() == 4) return {d[0], d[3], d[1], d[2]};
  return DnnlDims(d.begin(), d.end());
}

Desc Builder::plain(const DnnlDims& dims) {
  DnnlDims strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strided(dims, strides);
}

Desc Builder::wanted(const DnnlDims& dims, bool any_allowed) const {
  if (!maps_ || dims.size() != 4) return plain(dims);
  const auto tagged = [&](Tag tag) { return Desc(dims, memory::data_type::f32, tag); };
  switch (variant_.layout) {
    case Variant::Layout::blocked8:
      return tagged(Tag::nChw8c);
    case Variant::Layout::blocked16:
      return tagged(Tag::nChw16c);
    case Variant::Layout::any:
      if (any_allowed) return tagged(Tag::any);
      [[fallthrough]];
    default:
      return tagged(Tag::nhwc);
  }
}

memory Builder::input(size_t index, const Desc& desc) {
  const View& view = problem_.task.inputs[index];
  const DnnlDims dims = dims_of(view);
  const Desc user =
      maps_ && dims.size() == 4
          ? strided(dims, {dims[1] * dims[2] * dims[3], 1, dims[3] * dims[1], dims[1]})
          : plain(dims);
  return converted(engine_, filled(engine_, user, problem_.inputs[index]), desc);
}

memory Builder::constant(const Array& values, const Desc& user, const Desc& desc) {
  memory made = converted(engine_, filled(engine_, user, values), desc);
  plan_.constants.push_back(made);
  return made;
}

memory Builder::operand_of(const Stage& stage, const Desc& whole) {
  if (stage.input >= 0) {
    const auto index = static_cast<size_t>(stage.input);
    const DnnlDims dims = dims_of(problem_.task.inputs[index]);
    return input(index, dims == whole.get_dims() ? whole : plain(dims));
  }
  const Array& values = next_param();
  DnnlDims dims(whole.get_dims().size(), 1);
  dims[maps_ ? 1 : dims.size() - 1] = values.elements();
  return constant(values, plain(dims), plain(dims));
}

dnnl::primitive_attr Builder::post_ops(const std::vector<Stage>& chain, size_t first,
                                       const Desc& output,
                                       std::unordered_map<int, memory>& arguments) {
  dnnl::post_ops ops;
  const auto append_binary = [&](algorithm kind, memory operand) {
    const int at = ops.len();
    ops.append_binary(kind, operand.get_desc());
    arguments[DNNL_ARG_ATTR_MULTIPLE_POST_OP(at) | DNNL_ARG_SRC_1] = std::move(operand);
  };
  for (size_t i = first; i < chain.size(); ++i) {
    const Stage& stage = chain[i];
    if (const auto eltwise = eltwise_of(stage)) {
      ops.append_eltwise(eltwise->kind, eltwise->alpha, eltwise->beta);
    } else if (const auto binary = binary_of(stage)) {
      append_binary(*binary, operand_of(stage, output));
    } else if (stage.kind == "scale_shift") {
      append_binary(algorithm::binary_mul, operand_of(stage, output));
      append_binary(algorithm::binary_add, operand_of(stage, output));
    } else {
      throw Unsupported{"oneDNN has no post-op for " + stage.kind};
    }
  }
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(ops);
  return attributes;
}

size_t Builder::take_params_of(Part part) {
  const size_t before = next_param_;
  const auto prologue = static_cast<size_t>(dsl::param_count(task().prologue));
  const auto epilogue = static_cast<size_t>(dsl::param_count(task().epilogue));
  const size_t end = problem_.params.size();
  next_param_ = part == Part::anchor     ? 0
                : part == Part::prologue ? end - epilogue - prologue
                                         : end - epilogue;
  return before;
}

void Builder::add(dnnl::primitive primitive, std::unordered_map<int, memory> arguments) {
  plan_.steps.push_back({std::move(primitive), std::move(arguments)});
}

void Builder::convert_x(const Desc& desc) {
  if (x.get_desc() == desc) return;
  if (plan_.steps.empty()) {
    x = converted(engine_, x, desc);
    return;
  }
  memory to(desc, engine_);
  add(dnnl::reorder(x, to), {{DNNL_ARG_FROM, x}, {DNNL_ARG_TO, to}});
  x = to;
}

Plan Builder::finish() {
  plan_.output = x;
  return std::move(plan_);
}

std::string Variant::text() const {
  constexpr const char* names[] = {"any", "nhwc", "blocked by 8", "blocked by 16"};
  return std::string(names[static_cast<int>(layout)]) +
         (second_algorithm ? ", second algorithm" : "");
}

Result<Plan> make_plan(const dnnl::engine& engine, const Problem& problem, const Variant& variant) {
  try {
    Builder builder(engine, problem, variant);
    add_anchor(builder);
    return builder.finish();
  } catch (const Unsupported& reason) {
    return Error{ErrorCode::unsupported, reason.what};
  } catch (const dnnl::error& error) {
    return Error{ErrorCode::unsupported, std::string("oneDNN: ") + error.what()};
  }
}

Array read_output(const dnnl::engine& engine, const Plan& plan, const Task& task) {
  const bool maps = is_map(task);
  const DnnlDims dims = plan.output.get_desc().get_dims();
  const Desc user =
      maps && dims.size() == 4
          ? strided(dims, {dims[1] * dims[2] * dims[3], 1, dims[3] * dims[1], dims[1]})
          : Builder::plain(dims);
  const memory dense = converted(engine, plan.output, user);
  Array values(DType::f32, task.outputs[0].dims);
  std::memcpy(values.bytes(), dense.get_data_handle(), static_cast<size_t>(values.size_bytes()));
  return values;
}

}  // namespace tenfold::onednn
