#include "runtime/runner/linker.h"

#include <llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h>
#include <llvm/ExecutionEngine/Orc/Core.h>
#include <llvm/ExecutionEngine/Orc/ExecutorProcessControl.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/Support/MemoryBuffer.h>

#include "runtime/runner/symbols.h"

namespace tenfold::runner {
namespace {

namespace orc = llvm::orc;

constexpr size_t page_bytes = 4096;

Error error_of(llvm::Error error) {
  std::string text = llvm::toString(std::move(error));
  for (char& c : text)
    if (c == '\n') c = ' ';
  return {ErrorCode::failed, "the object can't be linked: " + text};
}

}  // namespace

struct Linker::State {
  explicit State(std::unique_ptr<orc::ExecutorProcessControl> control)
      : session(std::move(control)),
        layer(session, std::make_unique<llvm::jitlink::InProcessMemoryManager>(page_bytes)),
        symbols(session.createBareJITDylib("symbols")) {}
  ~State() {
    if (auto error = session.endSession()) llvm::consumeError(std::move(error));
  }

  orc::ExecutionSession session;
  orc::ObjectLinkingLayer layer;
  orc::JITDylib& symbols;
  std::string report;  // what the session reported last
  int64_t objects = 0;
};

namespace {

class LoadedObject : public Linker::Loaded {
 public:
  LoadedObject(orc::ExecutionSession& session, orc::JITDylib& library)
      : session_(session), library_(library) {}
  ~LoadedObject() override {
    if (auto error = session_.removeJITDylib(library_)) llvm::consumeError(std::move(error));
  }

 private:
  orc::ExecutionSession& session_;
  orc::JITDylib& library_;
};

}  // namespace

Callee classify(const std::string& symbol) {
  for (const Symbol& known : runtime_symbols())
    if (symbol == known.name) return Callee::runtime;
  for (const Symbol& known : libm_symbols())
    if (symbol == known.name) return Callee::libm;
  return Callee::unknown;
}

Linker::Linker(std::unique_ptr<State> state) : state_(std::move(state)) {}
Linker::~Linker() = default;

Result<std::unique_ptr<Linker>> Linker::create() {
  auto control = orc::SelfExecutorProcessControl::Create();
  if (!control) return error_of(control.takeError());
  auto state = std::make_unique<State>(std::move(*control));
  state->session.setErrorReporter(
      [report = &state->report](llvm::Error error) { *report = llvm::toString(std::move(error)); });
  orc::SymbolMap map;
  for (const auto& symbols : {runtime_symbols(), libm_symbols()})
    for (const Symbol& symbol : symbols)
      map[state->session.intern(symbol.name)] = {
          orc::ExecutorAddr::fromPtr(symbol.address),
          llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  if (auto error = state->symbols.define(orc::absoluteSymbols(std::move(map))))
    return error_of(std::move(error));
  return std::unique_ptr<Linker>(new Linker(std::move(state)));
}

Result<std::unique_ptr<Linker::Loaded>> Linker::load(std::string_view object,
                                                     const std::string& symbol) {
  const std::string name = "candidate" + std::to_string(state_->objects++);
  orc::JITDylib& library = state_->session.createBareJITDylib(name);
  library.addToLinkOrder(state_->symbols);
  auto loaded = std::make_unique<LoadedObject>(state_->session, library);
  auto buffer =
      llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(object.data(), object.size()), name);
  if (auto error = state_->layer.add(library, std::move(buffer))) return error_of(std::move(error));
  state_->report.clear();
  auto address = state_->session.lookup({&library}, state_->session.intern(symbol));
  if (!address) {
    Error failure = error_of(address.takeError());
    if (!state_->report.empty()) failure.message += " (" + state_->report + ")";
    return failure;
  }
  loaded->function = address->getAddress().toPtr<KernelFunction>();
  return std::unique_ptr<Loaded>(std::move(loaded));
}

}  // namespace tenfold::runner
