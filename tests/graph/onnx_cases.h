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

/// The folder of cases, made once.
inline const fs::path& cases() {
  static const fs::path folder = [] {
    const std::string source = TENFOLD_SOURCE_DIR, deps = source + "/.deps";
    fs::path made =
        fs::path(testing::TempDir()) / ("tenfold_onnx_cases_" + std::to_string(getpid()));
    const std::string command = deps + "/venv/bin/python " + source +
                                "/tests/graph/onnx_cases.py " + made.string() + " " + deps +
                                "/models/ch_PP-OCRv4_det_infer.onnx x=1,3,64,96 " + deps +
                                "/models/ch_ppocr_mobile_v2.0_cls_infer.onnx x=2,3,48,192";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return made;
  }();
  return folder;
}

inline std::vector<Case> listed() {
  std::vector<Case> list;
  std::ifstream index(cases() / "index.txt");
  Case next;
  while (index >> next.name >> next.inputs >> next.outputs >> next.ops) list.push_back(next);
  return list;
}

}  // namespace tenfold::graph
