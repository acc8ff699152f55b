#include "codegen/link.h"

#include <algorithm>
#include <set>

#include "codegen/assembly.h"
#include "codegen/elf.h"
#include "codegen/embedded.h"
#include "codegen/file.h"
#include "codegen/process.h"

namespace tenfold::codegen {
namespace {

// What a library may want of the program that it lives in: the C library's basics.
constexpr std::string_view libc_basics[] = {"_GLOBAL_OFFSET_TABLE_",
                                            "aligned_alloc",
                                            "calloc",
                                            "free",
                                            "malloc",
                                            "memcmp",
                                            "memcpy",
                                            "memmove",
                                            "memset",
                                            "strcmp",
                                            "strlen",
                                            "vsnprintf"};

std::string step_that_uses(const Tables& tables, const std::string& symbol) {
  for (const VariantTable& variant : tables.variants)
    for (const StepTable& step : variant.steps)
      if (step.kernel == symbol)
        return step.name + " (" + step.config + ", " + variant.target.name + ")";
  return symbol;
}

Status check_calls(const Tables& tables, const std::vector<const Kernel*>& kernels) {
  TENFOLD_TRY(const ElfSymbols shims, elf_symbols(shims_object()));
  std::set<std::string, std::less<>> known(shims.defined.begin(), shims.defined.end());
  known.insert(std::begin(libc_basics), std::end(libc_basics));
  for (const Kernel* kernel : kernels) {
    TENFOLD_TRY(const ElfSymbols symbols, elf_symbols(kernel->object));
    for (const std::string& name : symbols.undefined)
      if (!known.contains(name))
        return Error{ErrorCode::failed, "the kernel of " + step_that_uses(tables, kernel->symbol) +
                                            " calls " + name +
                                            ", which a library can't bring along"};
  }
  return {};
}

// An argument in a response file, where blanks, quotes and backslashes mean something.
std::string in_response(const std::string& argument) {
  std::string text = "\"";
  for (const char c : argument) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"\n";
}

Status run(std::vector<std::string> arguments) {
  TENFOLD_TRY([[maybe_unused]] const std::string output, run_program(arguments));
  return {};
}

Status link_object(const Tables& tables, const std::vector<const Kernel*>& kernels,
                   const std::string& work, const std::string& object) {
  const std::string tables_source = work + "/tables.s", tables_object = work + "/tables.o",
                    shims = work + "/shims.o", linked = work + "/linked.o";
  TENFOLD_CHECK(write_file(shims, shims_object()));
  TENFOLD_CHECK(write_file(tables_source, assembly_of(tables)));
  TENFOLD_CHECK(run({"as", "-o", tables_object, tables_source}));

  std::vector<std::string> arguments{"ld", "-r",   "--gc-sections", "--entry=tenfold_query",
                                     "-o", linked, shims,           tables_object};
  for (const Kernel* kernel : kernels) {
    arguments.push_back(work + '/' + kernel->symbol + ".o");
    TENFOLD_CHECK(write_file(arguments.back(), kernel->object));
  }
  // More arguments than a command line takes go through a file.
  std::string response;
  for (size_t i = 1; i < arguments.size(); ++i) response += in_response(arguments[i]);
  TENFOLD_CHECK(write_file(work + "/arguments", response));
  TENFOLD_CHECK(run({"ld", '@' + work + "/arguments"}));

  const std::string query = tables.name + "_query";
  TENFOLD_CHECK(run({"objcopy", "--redefine-sym=tenfold_query=" + query, linked}));
  return run({"objcopy", "--keep-global-symbol=" + query, "--strip-unneeded",
              "--remove-section=.comment", "--remove-section=.note.gnu.property", linked, object});
}

Status link_shared(const std::string& name, const std::string& object, const std::string& work,
                   const std::string& library) {
  const std::string versions = work + "/versions";
  TENFOLD_CHECK(write_file(versions, "{ global: " + name + "_query; local: *; };\n"));
  return run({"cc", "-shared", "-nostartfiles", "-o", library, object,
              "-Wl,-soname,lib" + name + ".so", "-Xlinker", "--version-script=" + versions,
              "-Wl,-z,noexecstack", "-Wl,-z,text", "-Wl,-z,defs", "-Wl,-z,relro", "-Wl,-z,now",
              "-Wl,--build-id=none", "-Wl,--hash-style=gnu", "-Wl,-s"});
}

}  // namespace

Status link_library(const Tables& tables, const std::vector<const Kernel*>& kernels, Emit emit,
                    const std::string& folder, const std::string& work) {
  TENFOLD_CHECK(check_calls(tables, kernels));
  const std::string object = work + '/' + tables.name + ".o";
  TENFOLD_CHECK(link_object(tables, kernels, work, object));
  const std::string library = folder + "/lib" + tables.name;
  if (emit != Emit::shared) TENFOLD_CHECK(run({"ar", "rcsD", library + ".a", object}));
  if (emit != Emit::static_) TENFOLD_CHECK(link_shared(tables.name, object, work, library + ".so"));
  return {};
}

}  // namespace tenfold::codegen
