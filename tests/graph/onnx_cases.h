// The models that onnx_cases.py makes, with inputs and ONNX Runtime's outputs: made once a test
// program.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "graph/import.h"

namespace tenfold::graph {

namespace fs = std::filesystem;

struct Case {
  std::string name, ops;
  size_t inputs = 0, outputs = 0;
};

/// The folder of cases: made when it is first asked for, gone with the program.
class CaseFolder {
 public:
  CaseFolder()
      : path_(fs::path(testing::TempDir()) / ("tenfold_onnx_cases_" + std::to_string(getpid()))) {
    const std::string source = TENFOLD_SOURCE_DIR, deps = source + "/.deps";
    const std::string command = deps + "/venv/bin/python " + source +
                                "/tests/graph/onnx_cases.py " + path_.string() + " " + deps +
                                "/models/ch_PP-OCRv4_det_infer.onnx x=1,3,64,96 " + deps +
                                "/models/ch_ppocr_mobile_v2.0_cls_infer.onnx x=2,3,48,192";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }
  ~CaseFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  CaseFolder(const CaseFolder&) = delete;
  CaseFolder& operator=(const CaseFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

inline const fs::path& cases() {
  static const CaseFolder folder;
  return folder.path();
}

inline std::vector<Case> listed() {
  std::vector<Case> list;
  std::ifstream index(cases() / "index.txt");
  Case next;
  while (index >> next.name >> next.inputs >> next.outputs >> next.ops) list.push_back(next);
  return list;
}

}  // namespace tenfold::graph
