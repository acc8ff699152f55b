#include <algorithm>
#include <cstdint>
#include <iterator>

#include "codegen/aligned_stack_halide.h"
#include "codegen/elf.h"

namespace tenfold::codegen {
namespace {

using namespace Halide::Internal;

// With 1 to 3, mostly of values that a loop keeps, the general register cost up to 8 %; 73 kernels
// for AVX2 that have 8 and more were 2.5 % faster in the mean, up to 12, and 60 where the stack lay
// badly; for AVX-512 up to 26. (One core of a Granite Rapids, 2026-11.)
constexpr int least_spills = 8;

// The opcode of an unaligned store by the prefix's last two bits: vmovups, vmovupd, vmovdqu.
constexpr uint8_t store_opcodes[] = {0x11, 0x11, 0x7f};

/// Whether `at`, 7 bytes or more, is a store of 32 or 64 bytes, unmasked, to (rsp + displacement).
/// Of the prefixes the bits that number the vector are left out.
bool spills(const uint8_t* at) {
  const bool vex = at[0] == 0xc5 && (at[1] & 0x7c) == 0x7c;  // no second operand, 32 bytes
  const bool evex = at[0] == 0x62 && (at[1] & 0x6f) == 0x61 && (at[2] & 0x7c) == 0x7c &&
                    (at[3] == 0x48 || at[3] == 0x28);  // 64 or 32 bytes, no mask
  if (!vex && !evex) return false;
  const unsigned kind = at[vex ? 1 : 2] & 3;
  const uint8_t* opcode = at + (vex ? 2 : 4);
  constexpr uint8_t address_has_sib = 4, sib_rsp_alone = 0x24;
  const bool memory = (opcode[1] & 0xc0) != 0xc0;
  return kind < std::size(store_opcodes) && opcode[0] == store_opcodes[kind] && memory &&
         (opcode[1] & 7) == address_has_sib && opcode[2] == sib_rsp_alone;
}

// and rsp, -32 or -64: how a function begins whose stack is aligned already, for an array of its.
bool aligns_stack(std::string_view code) {
  return code.find("\x48\x83\xe4\xe0") != std::string_view::npos ||
         code.find("\x48\x83\xe4\xc0") != std::string_view::npos;
}

}  // namespace

// Every place is taken for an instruction's first byte: one that is none counts once in a great
// while.
int unaligned_spills(std::string_view code) {
  constexpr size_t longest = 7;  // of prefix, opcode and address
  const auto* bytes = reinterpret_cast<const uint8_t*>(code.data());
  int count = 0;
  for (size_t i = 0; i + longest <= code.size(); ++i) count += spills(bytes + i);
  return count;
}

Result<bool> align_spills(Halide::Module& module, std::string_view object) {
  TENFOLD_TRY(const auto compiled, elf_functions(object));
  bool any = false;
  for (LoweredFunc& function : module.functions()) {
    const auto found = std::find_if(compiled.begin(), compiled.end(),
                                    [&](const ElfFunction& f) { return f.name == function.name; });
    if (found == compiled.end() || aligns_stack(found->code) ||
        unaligned_spills(found->code) < least_spills)
      continue;
    const Halide::Expr align =
        Call::make(Halide::Int(32), "tenfold_aligned_stack", {}, Call::Extern);
    function.body = Block::make(Evaluate::make(align), function.body);
    any = true;
  }
  return any;
}

}  // namespace tenfold::codegen
