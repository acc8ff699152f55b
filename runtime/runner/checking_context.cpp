#include "runtime/runner/checking_context.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/runner_protocol.h"

namespace tenfold::runner {
namespace {

// Blocks may be read so far on both sides (the product's allocator allows it), but not written.
constexpr size_t readable_bytes = 64;
constexpr size_t most_bytes = size_t{4}
                              << 30;  // no sane candidate, and more could take the machine down

void fill(std::byte* memory, size_t size_bytes) {
  for (size_t at = 0; at + sizeof(uint32_t) <= size_bytes; at += sizeof(uint32_t))
    std::memcpy(memory + at, &runner_protocol::untouched_bits, sizeof(uint32_t));
}

bool filled(const std::byte* memory, size_t size_bytes) {
  for (size_t at = 0; at + sizeof(uint32_t) <= size_bytes; at += sizeof(uint32_t))
    if (std::memcmp(memory + at, &runner_protocol::untouched_bits, sizeof(uint32_t)) != 0)
      return false;
  return true;
}

}  // namespace

CheckingContext::CheckingContext(tenfold_user_context* product)
    : ops_{.allocate = allocate,
           .release = release,
           .parallel_for = parallel_for,
           .error = error,
           .print = print},
      self_{{&ops_}, this},
      product_(product) {}

void CheckingContext::note_misuse(const std::string& what) {
  if (!misuse_) misuse_ = what;
}

bool CheckingContext::overrun(const GuardedBuffer& block) {
  return !filled(block.data(), readable_bytes) ||
         !filled(block.data() + block.size_bytes() - readable_bytes, readable_bytes);
}

void* CheckingContext::allocate(void* user_context, size_t size_bytes) {
  CheckingContext& self = of(user_context);
  if (size_bytes > most_bytes) {
    error(user_context, "the kernel asks for more than 4 GiB of scratch");
    return nullptr;
  }
  const size_t rounded = (size_bytes + 63) / 64 * 64;
  GuardedBuffer block(rounded + 2 * readable_bytes, GuardedBuffer::PageSize::small);
  if (!block.data()) return nullptr;
  fill(block.data(), block.size_bytes());
  void* memory = block.data() + readable_bytes;
  const std::lock_guard lock(self.mutex_);
  self.blocks_.emplace(memory, std::move(block));
  return memory;
}

void CheckingContext::release(void* user_context, void* memory) {
  CheckingContext& self = of(user_context);
  if (!memory) return;
  const std::lock_guard lock(self.mutex_);
  const auto block = self.blocks_.find(memory);
  if (block == self.blocks_.end()) {
    self.note_misuse("the kernel frees what it did not allocate");
    return;
  }
  if (overrun(block->second)) self.note_misuse("the kernel writes past its scratch");
  self.blocks_.erase(block);
}

int CheckingContext::parallel_for(void* user_context, int (*body)(void*, int, uint8_t*), int min,
                                  int extent, uint8_t* closure) {
  // The product's threads bring contexts of their own; the body gets ours instead.
  struct Trampoline {
    void* user_context;
    int (*body)(void*, int, uint8_t*);
    uint8_t* closure;
  } trampoline{user_context, body, closure};
  const auto call = [](void*, int index, uint8_t* packed) {
    const auto* inner = reinterpret_cast<const Trampoline*>(packed);
    return inner->body(inner->user_context, index, inner->closure);
  };
  tenfold_user_context* product = of(user_context).product_;
  return product->ops->parallel_for(product, call, min, extent,
                                    reinterpret_cast<uint8_t*>(&trampoline));
}

void CheckingContext::error(void* user_context, const char* message) {
  CheckingContext& self = of(user_context);
  const std::lock_guard lock(self.mutex_);
  if (self.message_.empty()) self.message_ = message;
}

std::string CheckingContext::message() {
  const std::lock_guard lock(mutex_);
  return message_;
}

std::optional<std::string> CheckingContext::misuse() {
  const std::lock_guard lock(mutex_);
  for (const auto& [memory, block] : blocks_)
    if (overrun(block)) note_misuse("the kernel writes past its scratch");
  if (!blocks_.empty()) note_misuse("the kernel keeps scratch that it should free");
  return misuse_;
}

}  // namespace tenfold::runner
