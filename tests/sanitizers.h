// Bounds on time and memory hold for the product; under sanitizers they are wider.
#pragma once

namespace tenfold::tests {

#if defined(__SANITIZE_ADDRESS__)
constexpr int sanitizer_factor = 4;
#else
constexpr int sanitizer_factor = 1;
#endif

}  // namespace tenfold::tests
