#include "codegen/elf.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace tenfold::codegen {
namespace {

Error malformed() {
  return {ErrorCode::corrupt, "not a relocatable ELF object of 64 bits"};
}

template <class T>
T load(std::string_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

bool inside(std::string_view bytes, uint64_t offset, uint64_t size) {
  return offset <= bytes.size() && size <= bytes.size() - offset;
}

using Sections = std::vector<Elf64_Shdr>;

Result<Sections> sections_of(std::string_view bytes) {
  if (bytes.size() < sizeof(Elf64_Ehdr)) return malformed();
  const auto header = load<Elf64_Ehdr>(bytes, 0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_REL ||
      header.e_shentsize != sizeof(Elf64_Shdr) ||
      !inside(bytes, header.e_shoff, uint64_t{header.e_shnum} * sizeof(Elf64_Shdr)))
    return malformed();
  Sections sections(header.e_shnum);
  std::memcpy(sections.data(), bytes.data() + header.e_shoff, sections.size() * sizeof(Elf64_Shdr));
  for (const Elf64_Shdr& section : sections)
    if (section.sh_type != SHT_NOBITS && !inside(bytes, section.sh_offset, section.sh_size))
      return malformed();
  return sections;
}

/// Calls visit(name, symbol, sections) for each symbol, until one fails.
template <class Visit>
Status for_each_symbol(std::string_view object, Visit visit) {
  TENFOLD_TRY(const Sections sections, sections_of(object));
  for (const Elf64_Shdr& table : sections) {
    if (table.sh_type != SHT_SYMTAB) continue;
    if (table.sh_link >= sections.size()) return malformed();
    const Elf64_Shdr& strings = sections[table.sh_link];
    if (strings.sh_type == SHT_NOBITS) return malformed();
    const std::string_view names = object.substr(strings.sh_offset, strings.sh_size);
    for (size_t i = 1; i < table.sh_size / sizeof(Elf64_Sym); ++i) {
      const auto symbol = load<Elf64_Sym>(object, table.sh_offset + i * sizeof(Elf64_Sym));
      if (symbol.st_name >= names.size()) return malformed();
      const std::string_view rest = names.substr(symbol.st_name);
      TENFOLD_CHECK(visit(std::string(rest.substr(0, rest.find('\0'))), symbol, sections));
    }
  }
  return {};
}

}  // namespace

Status align_code(std::string& object, int alignment) {
  TENFOLD_TRY(auto sections, sections_of(object));
  for (Elf64_Shdr& section : sections)
    if (section.sh_type == SHT_PROGBITS && (section.sh_flags & SHF_EXECINSTR))
      section.sh_addralign = std::max<uint64_t>(section.sh_addralign, alignment);
  std::memcpy(object.data() + load<Elf64_Ehdr>(object, 0).e_shoff, sections.data(),
              sections.size() * sizeof(Elf64_Shdr));
  return {};
}

Result<ElfSymbols> elf_symbols(std::string_view object) {
  ElfSymbols symbols;
  TENFOLD_CHECK(for_each_symbol(
      object, [&](const std::string& name, const Elf64_Sym& symbol, const Sections&) -> Status {
        if (ELF64_ST_BIND(symbol.st_info) == STB_LOCAL) return {};
        (symbol.st_shndx == SHN_UNDEF ? symbols.undefined : symbols.defined).push_back(name);
        return {};
      }));
  std::sort(symbols.defined.begin(), symbols.defined.end());
  std::sort(symbols.undefined.begin(), symbols.undefined.end());
  return symbols;
}

Result<std::vector<ElfFunction>> elf_functions(std::string_view object) {
  std::vector<ElfFunction> functions;
  TENFOLD_CHECK(for_each_symbol(
      object,
      [&](const std::string& name, const Elf64_Sym& symbol, const Sections& sections) -> Status {
        if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF) return {};
        if (symbol.st_shndx >= sections.size()) return malformed();
        const Elf64_Shdr& section = sections[symbol.st_shndx];
        if (section.sh_type == SHT_NOBITS) return malformed();
        const std::string_view bytes = object.substr(section.sh_offset, section.sh_size);
        if (!inside(bytes, symbol.st_value, symbol.st_size)) return malformed();
        functions.push_back({name, bytes.substr(symbol.st_value, symbol.st_size)});
        return {};
      }));
  return functions;
}

}  // namespace tenfold::codegen
