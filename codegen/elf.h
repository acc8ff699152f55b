// The little of ELF that the code generator reads and sets in a relocatable object of 64 bits,
// little endian.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tenfold::codegen {

/// Raises the alignment of every code section to `alignment`, a power of two.
/// Errors: corrupt when the bytes are no such object.
Status align_code(std::string& object, int alignment);

struct ElfSymbols {
  std::vector<std::string> defined;    // global or weak, sorted
  std::vector<std::string> undefined;  // sorted
};
Result<ElfSymbols> elf_symbols(std::string_view object);

struct ElfFunction {
  std::string name;
  std::string_view code;  // a part of the object's bytes
};
/// Those that an object defines, local ones too. Errors: corrupt.
Result<std::vector<ElfFunction>> elf_functions(std::string_view object);

}  // namespace tenfold::codegen
