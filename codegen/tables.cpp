#include "codegen/tables.h"

#include <algorithm>
#include <limits>

#include "codegen/weights.h"
#include "dsl/op.h"
#include "schedules/space.h"

namespace tenfold::codegen {
namespace {

Error rule(const std::string& text) {
  return {ErrorCode::invalid_argument, text};
}

Status fit_into_int32(const std::vector<BufferDim>& dims, const std::string& step) {
  constexpr int64_t least = std::numeric_limits<int32_t>::min(),
                    most = std::numeric_limits<int32_t>::max();
  int64_t reach = 0;
  for (const BufferDim& dim : dims) {
    if (dim.min < least || dim.extent > most || dim.stride > most)
      return Error{ErrorCode::invalid_shape, step + ": a buffer exceeds 2^31 elements"};
    reach += (dim.extent - 1) * dim.stride;
  }
  if (reach < most) return {};
  return Error{ErrorCode::invalid_shape, step + ": a buffer exceeds 2^31 elements"};
}

Result<OperandTable> operand_of(const graph::Plan& plan, const graph::Operand& operand,
                                const View& view, const std::string& step, WeightsWriter* weights) {
  const graph::Root& root = plan.roots[operand.root];
  OperandTable table{.offset_bytes = operand.base_bytes, .view = view, .dims = {}};
  switch (root.home) {
    case graph::Home::arena:
      table.home = TENFOLD_HOME_ARENA;
      table.index = static_cast<uint32_t>(operand.root);
      table.offset_bytes += root.offset_bytes;
      break;
    case graph::Home::input:
      table.home = TENFOLD_HOME_INPUT;
      table.index = static_cast<uint32_t>(root.port);
      break;
    case graph::Home::output:
      table.home = TENFOLD_HOME_OUTPUT;
      table.index = static_cast<uint32_t>(root.port);
      break;
    case graph::Home::constant: {
      if (!weights) return rule(step + ": a library of one operator has no constants of its own");
      TENFOLD_TRY(const int64_t offset,
                  weights->add(*root.values, plain_packing(root.values->dims())));
      table.home = TENFOLD_HOME_WEIGHTS;
      table.index = static_cast<uint32_t>(operand.root);
      table.offset_bytes += offset;
      break;
    }
  }
  TENFOLD_TRY(table.dims, buffer_dims(view));
  TENFOLD_CHECK(fit_into_int32(table.dims, step));
  return table;
}

OperandTable param_operand(size_t index, int64_t offset_bytes, const Packing& packing) {
  const Dims dims = packing.packed_dims();
  return {.home = TENFOLD_HOME_WEIGHTS,
          .index = static_cast<uint32_t>(index),
          .offset_bytes = offset_bytes,
          .view = dense_view(DType::f32, dims),
          .dims = buffer_dims(dims)};
}

std::vector<tenfold_fill> fills_of(const graph::Plan& plan,
                                   const std::vector<graph::ZeroFill>& fills) {
  std::vector<tenfold_fill> tables;
  for (const graph::ZeroFill& fill : fills) {
    assert(plan.roots[fill.root].home == graph::Home::arena);
    tables.push_back({plan.roots[fill.root].offset_bytes + fill.offset_bytes, fill.row_bytes,
                      fill.stride_bytes, fill.rows});
  }
  return tables;
}

Result<StepTable> step_of(const VariantInput& input, size_t index, WeightsWriter* weights,
                          std::vector<ParamTable>& params) {
  const graph::Step& step = input.plan.steps[index];
  const Config& config = input.configs[index];
  StepTable table{.name = step.name,
                  .task = to_text(step.task),
                  .config = to_text(config),
                  .kernel = input.kernels[index].symbol,
                  .operands = {},
                  .fills = fills_of(input.plan, step.fills),
                  .tensor = step.tensor};
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    TENFOLD_TRY(OperandTable operand,
                operand_of(input.plan, step.inputs[i], step.task.inputs[i], step.name, weights));
    table.operands.push_back(std::move(operand));
  }
  TENFOLD_TRY(const schedules::Space* space, schedules::find_space(config.algorithm));
  const std::vector<Packing> packings = space->packing(step.task, input.target, config);
  const std::vector<dsl::Param> names = dsl::params(step.task);
  if (packings.size() != names.size() || (weights && packings.size() != step.params.size()))
    return rule(step.name + ": its constants are not those of its task");
  for (size_t i = 0; i < packings.size(); ++i) {
    int64_t offset = 0;
    if (weights) {
      TENFOLD_TRY(offset, weights->add(*step.params[i], packings[i]));
    } else {
      const OperandTable packed = param_operand(i, 0, packings[i]);
      TENFOLD_TRY(const int64_t elements, volume(packed.view.dims));
      params.push_back({names[i].name, packings[i], elements * size_bytes(DType::f32)});
    }
    table.operands.push_back(param_operand(i, offset, packings[i]));
    TENFOLD_CHECK(fit_into_int32(table.operands.back().dims, step.name));
  }
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    TENFOLD_TRY(OperandTable operand,
                operand_of(input.plan, step.outputs[i], step.task.outputs[i], step.name, weights));
    table.operands.push_back(std::move(operand));
  }
  return table;
}

Result<VariantTable> variant_of(const VariantInput& input, WeightsWriter* weights) {
  VariantTable table{.target = input.target, .arena_bytes = input.plan.arena_bytes};
  table.fills = fills_of(input.plan, input.plan.fills);
  if (weights) TENFOLD_CHECK(weights->begin_section());
  for (size_t i = 0; i < input.plan.steps.size(); ++i) {
    TENFOLD_TRY(StepTable step, step_of(input, i, weights, table.params));
    table.steps.push_back(std::move(step));
    table.scratch_bytes = std::max(table.scratch_bytes, input.kernels[i].scratch_bytes);
  }
  if (weights) {
    TENFOLD_CHECK(weights->end_section());
    table.weights_offset_bytes = weights->section_offset_bytes();
    table.weights_size_bytes = weights->section_size_bytes();
  }
  return table;
}

Result<std::vector<PortTable>> ports_of(const std::vector<graph::Port>& ports) {
  std::vector<PortTable> tables;
  for (const graph::Port& port : ports) {
    TENFOLD_TRY(const int64_t elements, volume(port.dims));
    tables.push_back({port.name, port.type, port.dims, elements * size_bytes(port.type)});
  }
  return tables;
}

bool same_ports(const std::vector<graph::Port>& a, const std::vector<graph::Port>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& other) {
    return one.name == other.name && one.type == other.type && one.dims == other.dims;
  });
}

Status check_variants(const std::vector<VariantInput>& variants, bool single_op) {
  if (variants.empty()) return rule("a library needs a target");
  for (const VariantInput& variant : variants) {
    const graph::Plan& plan = variant.plan;
    if (variant.configs.size() != plan.steps.size() || variant.kernels.size() != plan.steps.size())
      return rule("a plan needs one config and one kernel a step");
    if (!same_ports(plan.inputs, variants[0].plan.inputs) ||
        !same_ports(plan.outputs, variants[0].plan.outputs))
      return rule("the targets of one library differ in their inputs or outputs");
    if (!single_op) continue;
    if (plan.steps.size() != 1 || plan.arena_bytes != 0)
      return rule("a library of one operator is one step over buffers of its own");
    if (variant.target.device != DeviceKind::cpu && variants.size() > 1)
      return rule("a library of one operator is for CPU targets, or for one device target alone");
  }
  return {};
}

}  // namespace

Result<Tables> make_tables(const std::vector<VariantInput>& variants, const LibraryOptions& options,
                           WeightsWriter* weights) {
  TENFOLD_CHECK(check_variants(variants, options.single_op));
  Tables tables{.name = options.name,
                .compiler = compiler_version(),
                .single_op = options.single_op,
                .inputs = {},
                .outputs = {},
                .variants = {}};
  TENFOLD_TRY(tables.inputs, ports_of(variants[0].plan.inputs));
  TENFOLD_TRY(tables.outputs, ports_of(variants[0].plan.outputs));
  for (const VariantInput& variant : variants) {
    TENFOLD_TRY(VariantTable table, variant_of(variant, weights));
    tables.variants.push_back(std::move(table));
  }
  return tables;
}

}  // namespace tenfold::codegen
