// WorkFolder: a temporary folder that is gone when its owner is, even when the owner was killed:
// whoever makes the next one removes those that nobody holds any more.
#pragma once
#include <memory>
#include <string>

#include "base/result.h"

namespace tenfold::autotune {

class WorkFolder {
 public:
  /// A new folder in `parent`, which is made where it is absent; empty: the system's temporary
  /// folder. Errors: io.
  static Result<std::unique_ptr<WorkFolder>> make(const std::string& parent);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  std::string file(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  WorkFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::string path_;
  int lock_;  // held on a file in the folder for as long as the folder is in use
};

}  // namespace tenfold::autotune
