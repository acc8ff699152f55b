#include "runtime/runner/object_code.h"

#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstrAnalysis.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>

#include <algorithm>
#include <memory>

namespace tenfold::runner {
namespace {

/// One disassembler for the process: making it costs more than a kernel's disassembly.
struct Disassembler {
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> assembly;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
  std::unique_ptr<llvm::MCContext> context;
  std::unique_ptr<llvm::MCDisassembler> decoder;
  std::unique_ptr<llvm::MCInstrAnalysis> analysis;

  Disassembler() {
    const std::string triple = llvm::sys::getDefaultTargetTriple();
    std::string error;
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, error);
    if (!target) return;
    registers.reset(target->createMCRegInfo(triple));
    assembly.reset(target->createMCAsmInfo(*registers, triple, llvm::MCTargetOptions()));
    instructions.reset(target->createMCInstrInfo());
    // Candidates may use any vector extension, this machine's or not: the decoder must know all of
    // them.
    subtarget.reset(target->createMCSubtargetInfo(
        triple, "", "+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx512vnni,+fma"));
    context = std::make_unique<llvm::MCContext>(llvm::Triple(triple), assembly.get(),
                                                registers.get(), subtarget.get());
    decoder.reset(target->createMCDisassembler(*subtarget, *context));
    analysis.reset(target->createMCInstrAnalysis(instructions.get()));
  }
};

const Disassembler& disassembler() {
  static const Disassembler instance;
  return instance;
}

/// A memory access whose address is the stack or frame pointer plus a constant, by an instruction
/// with a vector register.
struct StackAccess {
  uint64_t address;
  bool store, load;
};

struct Span {
  uint64_t begin, end;
};

class Section {
 public:
  void read(llvm::ArrayRef<uint8_t> bytes, uint64_t address) {
    const Disassembler& tools = disassembler();
    for (uint64_t at = 0; at < bytes.size();) {
      llvm::MCInst instruction;
      uint64_t size = 0;
      if (tools.decoder->getInstruction(instruction, size, bytes.slice(at), address + at,
                                        llvm::nulls()) != llvm::MCDisassembler::Success) {
        at += std::max<uint64_t>(size, 1);
        continue;
      }
      visit(instruction, address + at, size);
      at += size;
    }
  }

  void count(ObjectCode& code) const {
    for (const StackAccess& access : accesses_) {
      const bool looped = std::any_of(loops_.begin(), loops_.end(), [&](const Span& loop) {
        return access.address >= loop.begin && access.address < loop.end;
      });
      if (!looped) continue;
      code.spill_stores += access.store;
      code.spill_reloads += access.load;
    }
  }

 private:
  void visit(const llvm::MCInst& instruction, uint64_t address, uint64_t size) {
    const Disassembler& tools = disassembler();
    const llvm::MCInstrDesc& description = tools.instructions->get(instruction.getOpcode());
    if (description.isBranch()) {
      uint64_t target = 0;
      if (tools.analysis->evaluateBranch(instruction, address, size, target) && target <= address)
        loops_.push_back({target, address + size});
      return;
    }
    if (!description.mayLoad() && !description.mayStore()) return;

    // Of the five operands of an address (base, scale, index, displacement, segment) the first is
    // marked as memory.
    bool vector = false, stack = false;
    for (unsigned i = 0; i < description.getNumOperands() && i < instruction.getNumOperands();
         ++i) {
      const llvm::MCOperand& operand = instruction.getOperand(i);
      const bool memory = description.operands()[i].OperandType == llvm::MCOI::OPERAND_MEMORY;
      if (memory && i + 4 < instruction.getNumOperands() && !stack) {
        const auto name = [&](unsigned at) -> llvm::StringRef {
          const llvm::MCOperand& part = instruction.getOperand(at);
          return part.isReg() && part.getReg() ? tools.registers->getName(part.getReg()) : "";
        };
        stack = (name(i) == "RSP" || name(i) == "RBP") && name(i + 2).empty();
        i += 4;
      } else if (operand.isReg() && operand.getReg()) {
        const llvm::StringRef name = tools.registers->getName(operand.getReg());
        vector =
            vector || name.starts_with("XMM") || name.starts_with("YMM") || name.starts_with("ZMM");
      }
    }
    if (vector && stack)
      accesses_.push_back({address, description.mayStore(), description.mayLoad()});
  }

  std::vector<Span> loops_;
  std::vector<StackAccess> accesses_;
};

}  // namespace

void initialize_disassembler() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetDisassembler();
}

Result<ObjectCode> read_object_code(std::string_view bytes) {
  const Error malformed{ErrorCode::corrupt, "not an object file for this machine"};
  const llvm::MemoryBufferRef buffer(llvm::StringRef(bytes.data(), bytes.size()), "candidate");
  auto parsed = llvm::object::ObjectFile::createObjectFile(buffer);
  if (!parsed) {
    llvm::consumeError(parsed.takeError());
    return malformed;
  }
  const llvm::object::ObjectFile& object = **parsed;
  if (!object.isELF() ||
      object.getArch() != llvm::Triple(llvm::sys::getDefaultTargetTriple()).getArch() ||
      !disassembler().decoder)
    return malformed;

  ObjectCode code;
  for (const llvm::object::SectionRef& section : object.sections()) {
    if (!section.isText() || section.getSize() == 0) continue;
    auto content = section.getContents();
    if (!content) {
      llvm::consumeError(content.takeError());
      return malformed;
    }
    code.code_bytes += static_cast<int64_t>(content->size());
    Section code_section;
    code_section.read(llvm::ArrayRef<uint8_t>(content->bytes_begin(), content->size()),
                      section.getAddress());
    code_section.count(code);
  }
  for (const llvm::object::SymbolRef& symbol : object.symbols()) {
    auto flags = symbol.getFlags();
    auto name = symbol.getName();
    if (!flags || !name) {
      if (!flags) llvm::consumeError(flags.takeError());
      if (!name) llvm::consumeError(name.takeError());
      return malformed;
    }
    if ((*flags & llvm::object::SymbolRef::SF_Undefined) && !name->empty() &&
        *name != "_GLOBAL_OFFSET_TABLE_")
      code.undefined.push_back(name->str());
  }
  std::sort(code.undefined.begin(), code.undefined.end());
  return code;
}

}  // namespace tenfold::runner
