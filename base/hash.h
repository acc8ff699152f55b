// Content hashes that are the same on every machine (XXH3, 128 bits).
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace tenfold {

/// 32 lower-case hexadecimal digits.
std::string content_hash(std::string_view bytes);

}  // namespace tenfold
