// Content hashes that are the same on every machine (XXH3, 128 bits).
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tenfold {

/// 32 lower-case hexadecimal digits.
std::string content_hash(std::string_view bytes);

/// The same over bytes that come in pieces.
class ContentHasher {
 public:
  ContentHasher();
  ContentHasher(ContentHasher&&) noexcept;
  ContentHasher& operator=(ContentHasher&&) noexcept;
  ~ContentHasher();
  void update(std::string_view bytes);
  std::string digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tenfold
