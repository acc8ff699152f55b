#include "codegen/manifest.h"

#include <nlohmann/json.hpp>

namespace tenfold::codegen {
namespace {

using Json = nlohmann::ordered_json;

const char* home_name(tenfold_home home) {
  switch (home) {
    case TENFOLD_HOME_ARENA:
      return "arena";
    case TENFOLD_HOME_INPUT:
      return "input";
    case TENFOLD_HOME_OUTPUT:
      return "output";
    case TENFOLD_HOME_WEIGHTS:
      return "weights";
  }
  return "unknown";
}

Json ports_json(const std::vector<PortTable>& ports) {
  Json list = Json::array();
  for (const PortTable& port : ports)
    list.push_back({{"name", port.name},
                    {"type", to_string(port.type)},
                    {"dims", port.dims},
                    {"size_bytes", port.size_bytes}});
  return list;
}

Json fills_json(const std::vector<tenfold_fill>& fills) {
  Json list = Json::array();
  for (const tenfold_fill& fill : fills)
    list.push_back({{"offset_bytes", fill.offset_bytes},
                    {"row_bytes", fill.row_bytes},
                    {"stride_bytes", fill.stride_bytes},
                    {"rows", fill.rows}});
  return list;
}

Json step_json(const StepTable& step) {
  Json operands = Json::array();
  for (const OperandTable& operand : step.operands)
    operands.push_back({{"home", home_name(operand.home)},
                        {"index", operand.index},
                        {"offset_bytes", operand.offset_bytes}});
  Json json{{"name", step.name},
            {"tensor", step.tensor},
            {"task", step.task},
            {"config", step.config},
            {"kernel", step.kernel},
            {"operands", operands}};
  if (!step.fills.empty()) json["fills"] = fills_json(step.fills);
  return json;
}

Json variant_json(const VariantTable& variant) {
  Json steps = Json::array(), params = Json::array();
  for (const StepTable& step : variant.steps) steps.push_back(step_json(step));
  for (const ParamTable& param : variant.params)
    params.push_back({{"name", param.name},
                      {"dims", param.packing.source},
                      {"packed_dims", param.packing.packed_dims()},
                      {"packed_size_bytes", param.packed_size_bytes}});
  Json json{{"target", variant.target.name},
            {"device", to_string(variant.target.device)},
            {"arena_bytes", variant.arena_bytes},
            {"scratch_bytes", variant.scratch_bytes},
            {"weights_offset_bytes", variant.weights_offset_bytes},
            {"weights_size_bytes", variant.weights_size_bytes},
            {"fills", fills_json(variant.fills)},
            {"steps", steps}};
  if (!params.empty()) json["params"] = params;
  return json;
}

}  // namespace

std::string manifest_json(const Tables& tables, const LibraryInfo& info,
                          const std::vector<std::string>& files) {
  Json variants = Json::array();
  for (const VariantTable& variant : tables.variants) variants.push_back(variant_json(variant));
  const Json manifest{{"format", 1},
                      {"name", tables.name},
                      {"kind", tables.single_op ? "operator" : "network"},
                      {"compiler", tables.compiler},
                      {"abi_version", TENFOLD_ABI_VERSION},
                      {"inputs", ports_json(tables.inputs)},
                      {"outputs", ports_json(tables.outputs)},
                      {"library_bytes", info.library_bytes},
                      {"kernel_count", info.kernel_count},
                      {"distinct_kernel_count", info.distinct_kernel_count},
                      {"weights_size_bytes", tables.weights_size_bytes},
                      {"weights_hash", tables.weights_hash},
                      {"files", files},
                      {"variants", variants}};
  // Names from models may hold bytes that are no UTF-8.
  return manifest.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace tenfold::codegen
