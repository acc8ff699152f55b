#include "codegen/header.h"
#include "codegen/header_text.h"

namespace tenfold::codegen {
namespace {

std::string ports(const Tables& tables, const std::vector<PortTable>& ports,
                  const std::string& kind) {
  const std::string prefix = upper(tables.name) + '_' + kind;
  std::vector<std::string> names;
  for (const PortTable& port : ports) names.push_back(port.name);
  names = distinct_identifiers(names);

  std::string text = "#define " + prefix + "_COUNT " + std::to_string(ports.size()) + "\n";
  for (size_t i = 0; i < ports.size(); ++i) {
    const PortTable& port = ports[i];
    const std::string name = prefix + '_' + upper(names[i]);
    text += "/* " + std::string(c_type(port.type)) + ' ' + braces(port.dims) +
            ", dense, row-major */\n";
    text += "#define " + name + ' ' + std::to_string(i) + '\n';
    text += "#define " + name + "_BYTES INT64_C(" + std::to_string(port.size_bytes) + ")\n";
  }
  return text + '\n';
}

}  // namespace

std::string network_header(const Tables& tables) {
  const std::string& name = tables.name;
  std::string text = header_begin(tables, "a network.");
  text += "#include <stddef.h>\n#include <stdint.h>\n\n#include \"tenfold/tenfold.h\"\n\n";
  text +=
      "/* Inputs and outputs: the index for tenfold_bind_input and tenfold_bind_output, and the "
      "buffer's size. Buffers\n"
      " * are the caller's, aligned to 64 bytes. */\n";
  text += ports(tables, tables.inputs, "INPUT") + ports(tables, tables.outputs, "OUTPUT");
  text += "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  text +=
      "/* The library's tables; NULL for another version of the binary interface than the "
      "library's. */\n";
  text += "const tenfold_library* " + name + "_query(uint32_t abi_version);\n\n";
  text += "/* Opens the linked network. weights_path: " + name + ".weights" +
          (tables.weights_size_bytes ? "." : ", which this network does without: NULL.") +
          " Free with tenfold_close. */\n";
  text += "static inline tenfold_status " + name +
          "_open(const char* weights_path, tenfold_network** network) {\n  return "
          "tenfold_open_linked(" +
          name + "_query, weights_path, NULL, network);\n}\n\n";
  text += "#ifdef __cplusplus\n}\n#endif\n";
  return text + header_end(tables);
}

}  // namespace tenfold::codegen
