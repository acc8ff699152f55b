#include "base/buffer_layout.h"
#include "dsl/algorithm_halide.h"
#include "dsl/op.h"
#include "dsl/stage.h"

namespace tenfold::dsl {
namespace {

using Halide::Expr;

Halide::Type halide_type(DType type) {
  switch (type) {
    case DType::f32:
      return Halide::Float(32);
    case DType::f16:
      return Halide::Float(16);
    case DType::f64:
      return Halide::Float(64);
    case DType::i8:
      return Halide::Int(8);
    case DType::u8:
      return Halide::UInt(8);
    case DType::i32:
      return Halide::Int(32);
    case DType::i64:
      return Halide::Int(64);
    case DType::boolean:
      return Halide::Bool();
  }
  return Halide::Float(32);
}

Halide::ImageParam argument(DType type, const std::vector<BufferDim>& dims,
                            const std::string& name) {
  Halide::ImageParam param(halide_type(type), static_cast<int>(dims.size()), name);
  for (size_t d = 0; d < dims.size(); ++d)
    param.dim(d)
        .set_bounds(static_cast<int>(dims[d].min), static_cast<int>(dims[d].extent))
        .set_stride(static_cast<int>(dims[d].stride));
  return param;
}

// The packed element that holds source coordinates: of the axes of one source dimension, a coarse
// one counts its own steps and a fine one what is left within the next coarser step.
Expr packed_element(const Packing& packing, const Halide::ImageParam& param,
                    const std::vector<Expr>& coordinates) {
  std::vector<Expr> at;
  for (const PackAxis& axis : packing.axes) {
    int64_t coarser = 0;
    for (const PackAxis& other : packing.axes)
      if (other.dim == axis.dim && other.step > axis.step && (coarser == 0 || other.step < coarser))
        coarser = other.step;
    // An axis of one step has one index, whatever another axis of its dimension counts.
    Expr index = axis.extent == 1 ? Expr(0) : coordinates[axis.dim];
    if (coarser) index = index % static_cast<int>(coarser);
    if (axis.step > 1) index = index / static_cast<int>(axis.step);
    at.insert(at.begin(), index);
  }
  return param(at);
}

}  // namespace

int first_prologue_param(const Task& task) {
  return static_cast<int>((*find_op(task.op))->params(task).size());
}
int first_epilogue_param(const Task& task) {
  return first_prologue_param(task) + param_count(task.prologue);
}

Binding bind(const Task& task, const std::vector<Packing>& packings) {
  Binding binding;
  for (size_t i = 0; i < task.inputs.size(); ++i)
    binding.inputs.push_back(
        argument(task.inputs[i].type, *buffer_dims(task.inputs[i]), "in" + std::to_string(i)));
  for (size_t i = 0; i < packings.size(); ++i)
    binding.params.push_back(
        argument(DType::f32, buffer_dims(packings[i].packed_dims()), "p" + std::to_string(i)));
  binding.param_at = [packings, params = binding.params](int index,
                                                         const std::vector<Expr>& coordinates) {
    return packed_element(packings[index], params[index], coordinates);
  };
  return binding;
}

bool halo_serves(const Task& task, const Halo& reach) {
  if (reach == Halo{}) return true;
  const Halo& halo = task.inputs[0].halo;
  if (halo.top < reach.top || halo.left < reach.left || halo.bottom < reach.bottom ||
      halo.right < reach.right)
    return false;
  for (const Stage& stage : task.prologue) {
    if (!keeps_zero(stage)) return false;
    if (stage.input < 0) continue;
    const View& operand = task.inputs[stage.input];
    if (operand.dims.size() != 4 || operand.dims[1] != 1 || operand.dims[2] != 1) return false;
  }
  return true;
}

void constrain_output(Halide::Func out, const View& view) {
  const std::vector<BufferDim> dims = *buffer_dims(view);
  Halide::OutputImageParam buffer = out.output_buffer();
  for (size_t d = 0; d < dims.size(); ++d) {
    const int64_t extent = view.dims[view.dims.size() - 1 - d];
    out.bound(out.args()[d], 0, static_cast<int>(extent));
    buffer.dim(d).set_stride(static_cast<int>(dims[d].stride));
    // Where the buffer is wider than the logical box, its extent stays unknown: it would ask for
    // the whole of it. Its min must be known, or loops would begin there.
    if (dims[d].min == 0 && dims[d].extent == extent)
      buffer.dim(d).set_bounds(0, static_cast<int>(extent));
    else
      buffer.dim(d).set_min(static_cast<int>(dims[d].min));
  }
}

Halide::Func padded_load(const Task& task, const Binding& binding, const Halo& reach,
                         bool* masked) {
  const View& view = task.inputs[0];
  *masked = !halo_serves(task, reach);
  Halide::Var c("c"), x("x"), y("y"), n("n");
  Halide::Func load("load");
  if (!*masked) {
    if (task.prologue.empty()) return binding.inputs[0];
    load(c, x, y, n) = apply_chain(task.prologue, binding.inputs[0](c, x, y, n), {c, x, y, n}, task,
                                   binding, first_prologue_param(task));
    return load;
  }
  Expr in_row = Halide::Internal::const_true(), in_column = Halide::Internal::const_true(), cx = x,
       cy = y;
  const auto bound_below = [](const Expr& at, Expr& clamped, Expr& inside) {
    inside = inside && at >= 0;
    clamped = Halide::max(Halide::likely(clamped), 0);
  };
  const auto bound_above = [](const Expr& at, Expr& clamped, Expr& inside, int64_t extent) {
    inside = inside && at < static_cast<int>(extent);
    clamped = Halide::min(Halide::likely(clamped), static_cast<int>(extent) - 1);
  };
  if (reach.left > 0) bound_below(x, cx, in_row);
  if (reach.right > 0) bound_above(x, cx, in_row, view.dims[2]);
  if (reach.top > 0) bound_below(y, cy, in_column);
  if (reach.bottom > 0) bound_above(y, cy, in_column, view.dims[1]);
  const Expr value = apply_chain(task.prologue, binding.inputs[0](c, cx, cy, n), {c, cx, cy, n},
                                 task, binding, first_prologue_param(task));
  // Two selects: in one condition the loop over x would not be cut into edges and a clean middle.
  const Expr row = Halide::select(in_row, Halide::likely(value), 0.0f);
  load(c, x, y, n) = Halide::select(in_column, Halide::likely(row), 0.0f);
  return load;
}

}  // namespace tenfold::dsl
