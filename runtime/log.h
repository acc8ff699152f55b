// Log: where the runtime's few lines go: the caller's callback, or nowhere.
#pragma once
#include <string>

#include "tenfold/tenfold.h"

namespace tenfold::runtime {

struct Log {
  tenfold_log_fn function = nullptr;
  void* user = nullptr;
  void operator()(tenfold_log_level level, const std::string& text) const {
    if (function) function(user, level, text.c_str());
  }
};

}  // namespace tenfold::runtime
