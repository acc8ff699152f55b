// Failure: a status of the C ABI with its one line of text. Functions of the runtime return one; an
// empty one is success.
#pragma once
#include <string>
#include <utility>

#include "tenfold/tenfold.h"

namespace tenfold::runtime {

struct [[nodiscard]] Failure {
  tenfold_status status = TENFOLD_OK;
  std::string text;
  explicit operator bool() const { return status != TENFOLD_OK; }
};

inline Failure success() {
  return {};
}
inline Failure fail(tenfold_status status, std::string text) {
  return {status, std::move(text)};
}

}  // namespace tenfold::runtime

/// Returns the failure of a call from the enclosing function, if it has one.
#define TENFOLD_RETURN_FAILURE(call)                       \
  do {                                                     \
    if (auto failure_ = (call); failure_) return failure_; \
  } while (false)
