#include <algorithm>

#include "codegen/header.h"
#include "codegen/header_text.h"

namespace tenfold::codegen {
namespace {

// A buffer of NAME_run.
struct Argument {
  std::string name, type, comment;
  int64_t size_bytes = 0;
};

std::string port_comment(const OperandTable& operand) {
  const View& view = operand.view;
  return std::string(c_type(view.type)) + ' ' + braces(view.dims) + ", strides " +
         braces(view.strides) + " elements" +
         (view.offset ? ", beginning at element " + std::to_string(view.offset) : "");
}

class OperatorHeader {
 public:
  explicit OperatorHeader(const Tables& tables)
      : tables_(tables), step_(tables.variants[0].steps[0]) {
    std::vector<std::string> names;
    for (const PortTable& port : tables.inputs) names.push_back(port.name);
    for (const ParamTable& param : tables.variants[0].params) names.push_back(param.name);
    for (const PortTable& port : tables.outputs) names.push_back(port.name);
    names = distinct_identifiers(names);
    for (size_t i = 0; i < names.size(); ++i) arguments_.push_back(argument(i, names[i]));
  }

  std::string text() const;

 private:
  Argument argument(size_t index, const std::string& name) const;
  std::string sizes() const;
  std::string pack() const;
  std::string run() const;

  size_t params() const { return tables_.variants[0].params.size(); }
  size_t first_output() const { return tables_.inputs.size() + params(); }
  // Which of NAME_run's buffers an operand is.
  size_t argument_of(const OperandTable& operand) const {
    switch (operand.home) {
      case TENFOLD_HOME_INPUT:
        return operand.index;
      case TENFOLD_HOME_WEIGHTS:
        return tables_.inputs.size() + operand.index;
      default:
        return first_output() + operand.index;
    }
  }

  const Tables& tables_;
  const StepTable& step_;
  std::vector<Argument> arguments_;
};

Argument OperatorHeader::argument(size_t index, const std::string& name) const {
  const size_t inputs = tables_.inputs.size();
  Argument made{.name = name, .type = {}, .comment = {}};
  if (index >= inputs && index < first_output()) {
    const ParamTable& param = tables_.variants[0].params[index - inputs];
    for (const VariantTable& variant : tables_.variants)
      made.size_bytes = std::max(made.size_bytes, variant.params[index - inputs].packed_size_bytes);
    made.type = "const void*";
    made.name += "_packed";
    made.comment = "packed by " + tables_.name + "_pack_" + name + " from float " +
                   braces(param.packing.source);
    return made;
  }
  const bool output = index >= inputs;
  const PortTable& port = output ? tables_.outputs[index - first_output()] : tables_.inputs[index];
  made.type = std::string(output ? "" : "const ") + c_type(port.type) + '*';
  made.size_bytes = port.size_bytes;
  for (const OperandTable& operand : step_.operands)
    if (argument_of(operand) == index) made.comment = port_comment(operand);
  return made;
}

std::string OperatorHeader::sizes() const {
  std::string text =
      "/* Bytes of each buffer. Every buffer is the caller's and aligned to 64 bytes. */\n";
  const std::string prefix = upper(tables_.name) + '_';
  text += "#define " + prefix + "ALIGNMENT 64\n";
  for (const Argument& argument : arguments_)
    text += "#define " + prefix + upper(argument.name) + "_BYTES INT64_C(" +
            std::to_string(argument.size_bytes) + ")\n";
  return text + '\n';
}

std::string OperatorHeader::pack() const {
  std::string text;
  for (size_t i = 0; i < params(); ++i) {
    const ParamTable& param = tables_.variants[0].params[i];
    const std::string name = identifier(param.name);
    text += "/* Packs " + param.name + ", float " + braces(param.packing.source) +
            " dense and row-major, for the kernel of this machine. packed has " +
            upper(tables_.name) + '_' + upper(name) +
            "_PACKED_BYTES.\n * Returns 0, TENFOLD_NO_VARIANT, or a negative code when memory runs "
            "out. */\n";
    text += "static inline int " + tables_.name + "_pack_" + name +
            "(const float* values, void* packed) {\n  return " + tables_.name +
            "_query(TENFOLD_ABI_VERSION)->pack(" + std::to_string(i) + ", values, packed);\n}\n\n";
  }
  return text;
}

std::string OperatorHeader::run() const {
  const std::string indent(static_cast<size_t>(20) + tables_.name.size(), ' ');
  std::string parameters, comments, buffers;
  for (const Argument& argument : arguments_) {
    comments += " *   " + argument.name + ": " + argument.comment + '\n';
    parameters += ",\n" + indent + argument.type + ' ' + argument.name;
  }
  for (const OperandTable& operand : step_.operands)
    buffers += std::string(buffers.empty() ? "" : ", ") + "(void*)" +
               arguments_[argument_of(operand)].name;
  const bool device = tables_.variants[0].target.device != DeviceKind::cpu;
  std::string text = "/* Runs " + step_.task + "\n" + comments;
  text += device ? " * context: of the runtime (tenfold_op_context_create), with the device.\n"
                 : " * context: NULL, for one thread and plain malloc, or one of the runtime's\n"
                   " * (tenfold_op_context_create), for its threads and scratch.\n";
  text +=
      " * Returns 0, TENFOLD_NO_VARIANT where this machine lacks the target's instructions, or a "
      "negative code. */\n";
  text += "static inline int " + tables_.name + "_run(tenfold_user_context* context" + parameters +
          ") {\n";
  text += "  void* const buffers[] = {" + buffers + "};\n";
  return text + "  return " + tables_.name + "_query(TENFOLD_ABI_VERSION)->run(context, buffers, " +
         std::to_string(step_.operands.size()) + ");\n}\n\n";
}

std::string OperatorHeader::text() const {
  const std::string& name = tables_.name;
  std::string text = header_begin(tables_, "one operator, " + step_.task + ".");
  text += "#include <stdint.h>\n\n#include \"tenfold/abi.h\"\n\n" + sizes();
  text += "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  text +=
      "/* The library's tables; NULL for another version of the binary interface than the "
      "library's. */\n";
  text += "const tenfold_library* " + name + "_query(uint32_t abi_version);\n\n";
  text += pack() + run();
  return text + "#ifdef __cplusplus\n}\n#endif\n" + header_end(tables_);
}

}  // namespace

std::string operator_header(const Tables& tables) {
  return OperatorHeader(tables).text();
}

}  // namespace tenfold::codegen
