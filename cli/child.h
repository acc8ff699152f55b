// A child process that answers one line of JSON for each line of JSON: the peers' Python scripts,
// and the program that times a library. What it prints on its standard error is kept for the
// message if it dies.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace tenfold::cli {

class Child {
 public:
  /// `environment` (NAME=VALUE) replaces what this process has of the same name. Errors:
  /// unavailable when the program can't be started.
  static Result<Child> start(const std::string& name, const std::vector<std::string>& command,
                             const std::vector<std::string>& environment = {});
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();  // kills it

  /// Sends a request and waits for its answer. An answer {"error": TEXT, "code": NAME} becomes an
  /// Error with that code. Errors: failed when the child dies or answers nonsense, with the last
  /// line that it wrote; cancelled on Ctrl-C.
  Result<nlohmann::json> call(const nlohmann::json& request);

  const std::string& name() const { return name_; }

 private:
  Child() = default;
  std::string last_words();
  std::string name_;
  int pid_ = -1, to_ = -1, from_ = -1, log_ = -1;
  std::string buffered_;
};

}  // namespace tenfold::cli
