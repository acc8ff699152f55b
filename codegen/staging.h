// Where a library is made before it is shown: a folder of its own on the same file system, put in
// place at the end.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace tenfold::codegen {

class Staging {
 public:
  /// Prepares to fill `folder`. Where that is absent, a sibling of it is made (and its parents);
  /// else a hidden folder inside it. What a killed program left there is removed. Errors: io with
  /// the folder's name and the reason.
  static Result<Staging> begin(const std::string& folder);
  Staging(Staging&& other) noexcept;
  Staging& operator=(Staging&&) = delete;
  ~Staging();  // removes what was not installed, and parents that it made

  const std::string& files() const { return files_; }  // put the library's files here
  const std::string& work() const { return work_; }    // and intermediate ones here

  /// Puts `names` (paths below files()) in place. Files that the folder's older library had and
  /// this one has not are removed; files that are not a library's are left alone. On an error the
  /// folder is as it was.
  Status install(const std::vector<std::string>& names);

 private:
  Staging() = default;
  Status replace(const std::vector<std::string>& names);

  std::string folder_, root_, files_, work_;
  std::vector<std::string> made_parents_;  // outermost first
  bool fresh_ = false;                     // the folder is not there yet
};

}  // namespace tenfold::codegen
