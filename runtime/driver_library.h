// A driver's library, opened when it is first wanted and never closed: a machine without it can
// still load the runtime.
#pragma once
#include <dlfcn.h>

#include <string>

namespace tenfold::runtime {

class DriverLibrary {
 public:
  explicit DriverLibrary(const char* file) : handle_(dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
    if (!handle_) missing_ = std::string("no driver: ") + dlerror();
  }

  /// Sets `function` to the symbol; the first one that is not there is kept as the reason.
  template <class Function>
  void load(Function& function, const char* symbol) {
    if (!handle_) return;
    function = reinterpret_cast<Function>(dlsym(handle_, symbol));
    if (!function && missing_.empty()) missing_ = std::string("the driver has no ") + symbol;
  }

  /// Empty when everything was there.
  const std::string& missing() const { return missing_; }

 private:
  void* handle_;
  std::string missing_;
};

}  // namespace tenfold::runtime
