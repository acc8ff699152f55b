#include "base/result.h"

namespace tenfold {

const char* to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::invalid_model: return "invalid_model";
    case ErrorCode::invalid_shape: return "invalid_shape";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::io: return "io";
    case ErrorCode::corrupt: return "corrupt";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::failed: return "failed";
    case ErrorCode::cancelled: return "cancelled";
  }
  return "unknown";
}

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return 2;
    case ErrorCode::invalid_model:
    case ErrorCode::invalid_shape:
    case ErrorCode::unsupported:
    case ErrorCode::not_found:
    case ErrorCode::corrupt: return 3;
    case ErrorCode::unavailable: return 4;
    case ErrorCode::io:
    case ErrorCode::failed:
    case ErrorCode::cancelled: return 1;
  }
  return 1;
}

}  // namespace tenfold
