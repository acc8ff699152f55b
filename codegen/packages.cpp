#include "codegen/packages.h"

namespace tenfold::codegen {
namespace {

std::string imported(const Tables& tables, const std::string& target, const std::string& kind,
                     const std::string& file) {
  std::string text =
      "if(NOT TARGET " + target + ")\n  add_library(" + target + ' ' + kind + " IMPORTED)\n";
  text += "  set_target_properties(" + target +
          " PROPERTIES\n    IMPORTED_LOCATION \"${_tenfold_folder}/" + file +
          "\"\n    INTERFACE_INCLUDE_DIRECTORIES \"${_tenfold_folder}\"";
  if (kind == "SHARED") text += "\n    IMPORTED_SONAME \"" + file + '"';
  if (!tables.single_op) text += "\n    INTERFACE_LINK_LIBRARIES tenfold::runtime";
  return text + ")\nendif()\n";
}

}  // namespace

std::string cmake_config(const Tables& tables, Emit emit) {
  const std::string& name = tables.name;
  std::string text = "# " + name + ", made by " + tables.compiler + ".\n";
  text += "get_filename_component(_tenfold_folder \"${CMAKE_CURRENT_LIST_DIR}/..\" ABSOLUTE)\n";
  if (!tables.single_op) text += "include(CMakeFindDependencyMacro)\nfind_dependency(tenfold)\n";
  const std::string archive = "lib" + name + ".a", shared = "lib" + name + ".so";
  const std::string target = name + "::" + name;
  text += emit == Emit::shared ? imported(tables, target, "SHARED", shared)
                               : imported(tables, target, "STATIC", archive);
  if (emit != Emit::static_) text += imported(tables, target + "_shared", "SHARED", shared);
  if (tables.weights_size_bytes)
    text += "set(" + name + "_WEIGHTS \"${_tenfold_folder}/" + name + ".weights\")\n";
  return text + "unset(_tenfold_folder)\n";
}

std::string pkg_config(const Tables& tables) {
  const std::string& name = tables.name;
  std::string text = "prefix=${pcfiledir}\n";
  if (tables.weights_size_bytes) text += "weights=${prefix}/" + name + ".weights\n";
  text += "\nName: " + name + "\nDescription: " + (tables.single_op ? "an operator" : "a network") +
          " compiled by tenfold\nVersion: 1\n";
  if (!tables.single_op) text += "Requires: tenfold\n";
  return text + "Cflags: -I${prefix}\nLibs: -L${prefix} -l" + name + '\n';
}

}  // namespace tenfold::codegen
