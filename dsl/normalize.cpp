// layer_norm, instance_norm and group_norm: subtract the mean, divide by the deviation, scale and
// shift.
//   layer_norm     over the view's dims from `axis` to the last (Ba et al. 2016); scale and shift
//                  have those dims
//   instance_norm  over H and W of a feature map (Ulyanov et al. 2016); scale and shift {C}
//   group_norm     over H, W and each of `groups` runs of channels (Wu and He 2018); the same
// Funcs: "sum" and "squares" (of the differences from the mean), both over the one reduction,
// innermost dim first; their variables are the dims that are kept, the group among them.
#include <cmath>

#include "dsl/frame_halide.h"
#include "dsl/normalize_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/values.h"

namespace tenfold::dsl {
namespace {

bool is_layer_norm(const Task& task) {
  return task.op == "layer_norm";
}

bool is_group_norm(const Task& task) {
  return task.op == "group_norm";
}

/// Neighbouring channels that are normalised together.
int64_t group_channels(const Task& task) {
  return is_group_norm(task) ? task.inputs[0].dims[3] / task.attrs.get_int("groups", 1) : 1;
}

size_t axis_of(const Task& task) {
  return static_cast<size_t>(
      task.attrs.get_int("axis", static_cast<int64_t>(task.inputs[0].dims.size()) - 1));
}

bool is_reduced(const Task& task, size_t dim) {
  return is_layer_norm(task) ? dim >= axis_of(task) : dim == 1 || dim == 2;
}

Dims kept_dims(const Task& task) {
  Dims dims = task.inputs[0].dims;
  for (size_t i = 0; i < dims.size(); ++i)
    if (is_reduced(task, i)) dims[i] = 1;
  dims.back() /= group_channels(task);
  return dims;
}

/// Which of the kept an element belongs to.
int64_t kept_position(const Task& task, const Dims& kept, Dims at) {
  at.back() /= group_channels(task);
  return position(kept, at);
}

double elements_each(const Task& task) {
  return static_cast<double>(*volume(task.inputs[0].dims)) /
         static_cast<double>(*volume(kept_dims(task)));
}

Status check_norm(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, is_layer_norm(task) ? 0 : 4));
  const int64_t rank = static_cast<int64_t>(task.inputs[0].dims.size());
  if (is_layer_norm(task))
    TENFOLD_CHECK(check_attr(task, "axis", static_cast<double>(rank - 1), 0, rank - 1));
  if (is_group_norm(task)) {
    const int64_t channels = task.inputs[0].dims[3];
    TENFOLD_CHECK(check_attr(task, "groups", 1, 1, channels));
    TENFOLD_CHECK(rule(channels % task.attrs.get_int("groups", 1) == 0, task,
                       "groups=" + std::to_string(task.attrs.get_int("groups", 1)) +
                           " must divide " + std::to_string(channels) + " channels"));
  }
  const double epsilon = task.attrs.get("epsilon", 1e-5);
  TENFOLD_CHECK(
      rule(epsilon >= 0, task, "epsilon=" + number_text(epsilon) + " must not be negative"));
  return check_output(task, task.inputs[0].dims);
}

std::vector<Param> scale_and_shift(const Task& task) {
  const Dims& in = task.inputs[0].dims;
  const Dims dims = is_layer_norm(task)
                        ? Dims(in.begin() + static_cast<std::ptrdiff_t>(axis_of(task)), in.end())
                        : Dims{in.back()};
  return {{"scale", dims}, {"shift", dims}};
}

/// out = (x - mean) / sqrt(variance + epsilon) * scale + shift, the variance being the mean of (x -
/// mean)^2.
void reference(const Task& task, std::span<const Values> inputs, std::span<const Values> params,
               std::span<Values> outputs) {
  const Values &x = inputs[0], &scale = params[0], &shift = params[1];
  const Dims kept = kept_dims(task);
  std::vector<double> mean(*volume(kept), 0), variance(mean.size(), 0);
  const double count = elements_each(task);
  for_each_index(x.dims, [&](const Dims& at) {
    mean[kept_position(task, kept, at)] += x.data[position(x.dims, at)] / count;
  });
  for_each_index(x.dims, [&](const Dims& at) {
    const int64_t k = kept_position(task, kept, at);
    const double difference = x.data[position(x.dims, at)] - mean[k];
    variance[k] += difference * difference / count;
  });
  for_each_index(x.dims, [&](const Dims& at) {
    const int64_t i = position(x.dims, at), k = kept_position(task, kept, at),
                  p = position(scale.dims, at);
    outputs[0].data[i] = (x.data[i] - mean[k]) /
                             std::sqrt(variance[k] + task.attrs.get("epsilon", 1e-5)) *
                             scale.data[p] +
                         shift.data[p];
  });
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  const Dims& dims = task.inputs[0].dims;
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  const int together = static_cast<int>(group_channels(task));
  std::vector<Halide::Range> ranges;
  std::vector<Halide::Var> rest;
  if (is_group_norm(task)) ranges.emplace_back(0, together);
  for (size_t j = 0; j < vars.size(); ++j) {
    const size_t i = vars.size() - 1 - j;
    if (is_reduced(task, i))
      ranges.emplace_back(0, static_cast<int>(dims[i]));
    else
      rest.push_back(vars[j]);
  }
  result.reduction = Halide::RDom(ranges, "r");
  std::vector<Halide::Expr> at = exprs_of(vars);
  int next = 0;
  if (is_group_norm(task)) at[0] = vars[0] * together + result.reduction[next++];
  for (size_t j = 0; j < vars.size(); ++j)
    if (is_reduced(task, vars.size() - 1 - j)) at[j] = result.reduction[next++];

  const float share = static_cast<float>(1 / elements_each(task));
  std::vector<Halide::Expr> rest_at = exprs_of(rest);
  Halide::Func sum("sum"), squares("squares");
  sum(rest) = 0.0f;
  sum(rest) += summand(task, binding)(at);
  const Halide::Expr difference = anchor_input(task, binding, at) - sum(rest_at) * share;
  squares(rest) = 0.0f;
  squares(rest) += difference * difference;
  result.funcs = {{"sum", sum}, {"squares", squares}};
  if (is_group_norm(task)) rest_at[0] = rest_at[0] / together;

  const float epsilon = static_cast<float>(task.attrs.get("epsilon", 1e-5));
  std::vector<Halide::Expr> constant_at{vars[0]};
  if (is_layer_norm(task)) {
    constant_at.clear();
    for (size_t i = axis_of(task); i < vars.size(); ++i)
      constant_at.emplace_back(vars[vars.size() - 1 - i]);
  }
  const Halide::Expr deviation = Halide::sqrt(squares(rest_at) * share + epsilon);
  const Halide::Expr centred = anchor_input(task, binding, exprs_of(vars)) - sum(rest_at) * share;
  finish(result, task, binding, vars,
         centred * (1.0f / deviation) * binding.param_at(0, constant_at) +
             binding.param_at(1, constant_at));
  return result;
}

double flops_of(const Task& task) {
  return 7.0 * static_cast<double>(*volume(task.inputs[0].dims));
}

}  // namespace

NormByRows norm_by_rows(const Task& task, const Binding& binding) {
  const Dims& dims = task.inputs[0].dims;
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  const Halide::Var &c = vars[0], &x = vars[1], &y = vars[2], &n = vars[3], g("g");
  const int width = static_cast<int>(dims[2]), height = static_cast<int>(dims[1]),
            together = static_cast<int>(group_channels(task));
  const auto pixels = static_cast<float>(static_cast<double>(width) * height);
  const float row_share = 1.0f / static_cast<float>(width), pixel_share = 1.0f / pixels,
              share = static_cast<float>(1 / elements_each(task));
  const auto value = [&](const Halide::Expr& at_x) {
    return anchor_input(task, binding, {c, at_x, y, n});
  };
  const Halide::RDom columns(0, width, "columns"), in_rows(0, height, "rows"),
      in_group(0, together, "in_group");
  const Halide::Expr column = columns.x, row = in_rows.x, other = g * together + in_group.x;

  Halide::Func row_sum("row_sum"), row_squares("row_squares"), rows("rows");
  row_sum(c, y, n) = 0.0f;
  row_sum(c, y, n) += summand(task, binding)(c, column, y, n);
  const Halide::Expr difference = value(column) - row_sum(c, y, n) * row_share;
  row_squares(c, y, n) = 0.0f;
  row_squares(c, y, n) += difference * difference;
  rows(c, y, n) = {row_sum(c, y, n), row_squares(c, y, n)};

  Halide::Func sum("sum"), squares("squares");
  sum(c, n) = 0.0f;
  sum(c, n) += rows(c, row, n)[0];
  const Halide::Expr row_apart = rows(c, row, n)[0] * row_share - sum(c, n) * pixel_share;
  squares(c, n) = 0.0f;
  squares(c, n) += rows(c, row, n)[1] + static_cast<float>(width) * (row_apart * row_apart);

  Halide::Func group_sum("group_sum"), group_squares("group_squares");
  group_sum(g, n) = 0.0f;
  group_sum(g, n) += sum(other, n);
  const Halide::Expr apart = sum(other, n) * pixel_share - group_sum(g, n) * share;
  group_squares(g, n) = 0.0f;
  group_squares(g, n) += squares(other, n) + pixels * (apart * apart);

  Halide::Func mean("mean"), factor("factor");
  const float epsilon = static_cast<float>(task.attrs.get("epsilon", 1e-5));
  const bool grouped = is_group_norm(task);
  const Halide::Expr of = grouped ? c / together : Halide::Expr(c);
  mean(c, n) = (grouped ? group_sum : sum)(of, n) * share;
  factor(c, n) = binding.param_at(0, {c}) /
                 Halide::sqrt((grouped ? group_squares : squares)(of, n) * share + epsilon);
  NormByRows norm{{}, columns, in_rows};
  Algorithm& result = norm.algorithm;
  result.funcs = {{"row_sum", row_sum}, {"row_squares", row_squares}, {"rows", rows},
                  {"sum", sum},         {"squares", squares},         {"mean", mean},
                  {"factor", factor}};
  if (grouped) result.funcs.insert({{"group_sum", group_sum}, {"group_squares", group_squares}});
  finish(result, task, binding, vars,
         (value(x) - mean(c, n)) * factor(c, n) + binding.param_at(1, {c}));
  return norm;
}

Op layer_norm_op() {
  return {"layer_norm", check_norm, scale_and_shift, reference,
          algorithm,    flops_of,   "axis epsilon"};
}
Op instance_norm_op() {
  return {"instance_norm", check_norm, scale_and_shift, reference,
          algorithm,       flops_of,   "axis epsilon"};
}
Op group_norm_op() {
  return {"group_norm", check_norm, scale_and_shift, reference,
          algorithm,    flops_of,   "epsilon groups"};
}

}  // namespace tenfold::dsl
