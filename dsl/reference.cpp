// Drives an operator's plain reference over a whole task: views to dense doubles, prologue, anchor,
// epilogue, and back.
#include <cmath>

#include "dsl/op.h"
#include "dsl/stage.h"

namespace tenfold::dsl {
namespace {

int64_t flat_index(const Dims& dims, std::initializer_list<int64_t> index) {
  assert(index.size() == dims.size());
  int64_t flat = 0;
  size_t d = 0;
  for (int64_t i : index) {
    assert(i >= 0 && i < dims[d]);
    flat = flat * dims[d++] + i;
  }
  return flat;
}

/// Calls visit(dense index, index) over a box, the last dimension fastest.
template <class Visit>
void for_each(const Dims& dims, const Visit& visit) {
  Dims index(dims.size(), 0);
  const int64_t elements = *volume(dims);
  for (int64_t flat = 0; flat < elements; ++flat) {
    visit(flat, index);
    for (size_t d = dims.size(); d-- > 0;) {
      if (++index[d] < dims[d]) break;
      index[d] = 0;
    }
  }
}

int64_t element(const View& view, const Dims& index) {
  int64_t at = view.offset;
  for (size_t d = 0; d < index.size(); ++d) at += index[d] * view.strides[d];
  return at;
}

Values gather(const View& view, const float* base) {
  Values values{view.dims, std::vector<double>(*volume(view.dims))};
  for_each(view.dims, [&](int64_t flat, const Dims& index) {
    values.data[flat] = base[element(view, index)];
  });
  return values;
}

int64_t broadcast_index(const Dims& operand, const Dims& index) {
  int64_t flat = 0;
  const size_t skipped = index.size() - operand.size();
  for (size_t d = 0; d < operand.size(); ++d)
    flat = flat * operand[d] + (operand[d] == 1 ? 0 : index[skipped + d]);
  return flat;
}

void run_chain(const std::vector<Stage>& stages, std::span<const Values> inputs,
               std::span<const Values> constants, Values& values) {
  size_t next = 0;
  for (const Stage& stage : stages) {
    const StageKind& kind = **find_stage(stage.kind);
    const Values* operand = kind.needs == StageNeeds::operand ? &inputs[stage.input] : nullptr;
    const std::span<const Values> own = constants.subspan(next, param_count(kind));
    next += own.size();
    for_each(values.dims, [&](int64_t flat, const Dims& index) {
      const double p = operand       ? operand->data[broadcast_index(operand->dims, index)]
                       : own.empty() ? 0
                                     : own[0].data[index.back()];
      const double q = own.size() > 1 ? own[1].data[index.back()] : 0;
      values.data[flat] = kind.reference(values.data[flat], stage.values, p, q);
    });
  }
}

}  // namespace

double& Values::at(std::initializer_list<int64_t> index) {
  return data[flat_index(dims, index)];
}
double Values::at(std::initializer_list<int64_t> index) const {
  return data[flat_index(dims, index)];
}

Status run_reference(const Task& task, std::span<const float* const> inputs,
                     std::span<const Array> params_in, std::span<float* const> outputs) {
  TENFOLD_CHECK(check(task));
  const std::vector<Param> wanted = params(task);
  if (params_in.size() != wanted.size() || inputs.size() != task.inputs.size() ||
      outputs.size() != task.outputs.size())
    return Error{ErrorCode::invalid_argument,
                 task.op + ": the reference got another number of operands than the task has"};

  std::vector<Values> in, constants, out;
  for (size_t i = 0; i < inputs.size(); ++i) in.push_back(gather(task.inputs[i], inputs[i]));
  for (size_t i = 0; i < params_in.size(); ++i) {
    const auto data = params_in[i].as<float>();
    if (params_in[i].dims() != wanted[i].dims)
      return Error{ErrorCode::invalid_shape, task.op + ": " + wanted[i].name + " has shape " +
                                                 to_string(params_in[i].dims()) + ", expected " +
                                                 to_string(wanted[i].dims)};
    constants.push_back({wanted[i].dims, std::vector<double>(data.begin(), data.end())});
  }
  for (const View& view : task.outputs)
    out.push_back({view.dims, std::vector<double>(*volume(view.dims), 0.0)});

  const size_t prologue_count = param_count(task.prologue),
               epilogue_count = param_count(task.epilogue);
  const size_t anchor_count = constants.size() - prologue_count - epilogue_count;
  const std::span<const Values> all(constants);
  const Values raw = in[0];  // what a stage that names input 0 as its operand sees
  run_chain(task.prologue, in, all.subspan(anchor_count, prologue_count), in[0]);
  (*find_op(task.op))->reference(task, in, all.first(anchor_count), out);
  in[0] = raw;
  run_chain(task.epilogue, in, all.last(epilogue_count), out[0]);

  for (size_t i = 0; i < out.size(); ++i)
    for_each(task.outputs[i].dims, [&](int64_t flat, const Dims& index) {
      outputs[i][element(task.outputs[i], index)] = static_cast<float>(out[i].data[flat]);
    });
  return {};
}

}  // namespace tenfold::dsl
