// What the tests of autotune/ share: a folder of their own, trials to order.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "autotune/trial.h"

namespace tenfold::autotune {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tenfold-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline Trial example_trial(int64_t variant = 0) {
  Trial trial;
  trial.key = {.task = "map in=f32:1:1:0:0,0,0,0 out=f32:1:1:0:0,0,0,0",
               .target = "x86_64-avx2",
               .device_name = "Some CPU",
               .threads = 2,
               .space_version = 1,
               .compiler = "test"};
  trial.config = {"alg", {{"a", variant}}};
  trial.samples_ns = {1000 + variant, 900 + variant, 2000 + variant};
  trial.created_unix_s = 1'700'000'000;
  return trial;
}

inline Trial failed_trial(TrialStatus status, const std::string& reason, int64_t variant = 0) {
  Trial trial = example_trial(variant);
  trial.status = status;
  trial.reason = reason;
  trial.samples_ns.clear();
  return trial;
}

}  // namespace tenfold::autotune
