#include <algorithm>
#include <cstdint>

#include "codegen/aligned_stack_halide.h"
#include "codegen/elf.h"

namespace tenfold::codegen {
namespace {

using namespace Halide::Internal;

// Fewer are mostly of values that a loop keeps, and cost less than the general register: with 1 to
// 3 of them 93 kernels were up to 8 % slower for it, with 8 and more 4 % faster in the mean, up
// to 26.
constexpr int least_spills = 8;

/// Whether `at`, 3 bytes or more, are the opcode and the address of a store to (rsp +
/// displacement).
bool stores_to_stack(const uint8_t* at) {
  constexpr uint8_t vmovups_store = 0x11, address_has_sib = 4, sib_rsp_alone = 0x24;
  const bool memory = (at[1] & 0xc0) != 0xc0;
  return at[0] == vmovups_store && memory && (at[1] & 7) == address_has_sib &&
         at[2] == sib_rsp_alone;
}

/// The length of the prefix of a move of 32 or 64 bytes, unmasked and of floats, else 0. Masked out
/// are the bits of the vector's number.
size_t vector_prefix(const uint8_t* at) {
  const bool vex = at[0] == 0xc5 && (at[1] & 0x7f) == 0x7c;  // no second operand, 32 bytes
  const bool evex = at[0] == 0x62 && (at[1] & 0x6f) == 0x61 && at[2] == 0x7c &&
                    (at[3] == 0x48 || at[3] == 0x28);  // 64 or 32 bytes, no mask
  return vex ? 2 : evex ? 4 : 0;
}

}  // namespace

// Every place is taken for an instruction's first byte: one that is none counts once in a great
// while.
int unaligned_spills(std::string_view code) {
  constexpr size_t longest_prefix = 4, opcode_and_address = 3;
  const auto* bytes = reinterpret_cast<const uint8_t*>(code.data());
  int spills = 0;
  for (size_t i = 0; i + longest_prefix + opcode_and_address <= code.size(); ++i) {
    const size_t prefix = vector_prefix(bytes + i);
    spills += prefix && stores_to_stack(bytes + i + prefix);
  }
  return spills;
}

Result<bool> align_spills(Halide::Module& module, std::string_view object) {
  TENFOLD_TRY(const auto compiled, elf_functions(object));
  bool any = false;
  for (LoweredFunc& function : module.functions()) {
    const auto found = std::find_if(compiled.begin(), compiled.end(),
                                    [&](const ElfFunction& f) { return f.name == function.name; });
    if (found == compiled.end() || unaligned_spills(found->code) < least_spills) continue;
    const Halide::Expr align =
        Call::make(Halide::Int(32), "tenfold_aligned_stack", {}, Call::Extern);
    function.body = Block::make(Evaluate::make(align), function.body);
    any = true;
  }
  return any;
}

}  // namespace tenfold::codegen
