// Imports spoiled versions of every case of onnx_cases.py and runs the passes over what is taken.
#pragma once
#include <gtest/gtest.h>

#include <ctime>
#include <sstream>

#include "graph/evaluate.h"
#include "graph/passes.h"
#include "import_fuzz.h"
#include "model_builder.h"
#include "onnx_cases.h"

namespace tenfold::graph {

/// True when evaluating the network is a matter of milliseconds.
inline bool is_small(const Network& network) {
  double work = 0;
  for (const Node& node : network.nodes) {
    double product = 1;
    for (TensorId id : node.inputs)
      product *=
          static_cast<double>(std::max<int64_t>(1, volume(network.tensors[id].dims).value()));
    work += product * static_cast<double>(volume(network.tensors[node.outputs[0]].dims).value());
  }
  return work < 1e7;
}

inline void take(const std::string& bytes, const TempFolder& folder, const std::string& what) {
  write_file(folder.file("model.onnx"), bytes);
  const std::clock_t start = std::clock();
  Result<Network> network = import_onnx(folder.file("model.onnx"));
  const Status status = network ? run_passes(*network) : Status(network.error());
  EXPECT_LT(std::clock() - start, 2 * CLOCKS_PER_SEC) << what;
  if (!status) {
    EXPECT_EQ(status.error().message.find('\n'), std::string::npos) << what;
    EXPECT_NE(status.error().message.find("model.onnx"), std::string::npos)
        << what << ": " << status.error().message;
    EXPECT_NE(status.error().code, ErrorCode::failed) << what << ": " << status.error().message;
    return;
  }
  if (!is_small(*network)) return;
  std::vector<Array> inputs;
  for (TensorId id : network->inputs) inputs.emplace_back(DType::f32, network->tensors[id].dims);
  EXPECT_TRUE(evaluate(*network, inputs)) << what;
}

inline std::string bytes_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

inline void fuzz_bytes(int times, uint64_t seed) {
  const TempFolder folder;
  for (const Case& c : listed()) {
    const std::string bytes = bytes_of((cases() / (c.name + ".onnx")).string());
    Spoiler spoiler(seed + std::hash<std::string>()(c.name));
    for (int i = 0; i < times; ++i)
      take(spoiler.spoil_bytes(bytes), folder, c.name + " " + std::to_string(i));
  }
}

inline void fuzz_fields(int times, uint64_t seed) {
  const TempFolder folder;
  for (const Case& c : listed()) {
    onnx::ModelProto original;
    ASSERT_TRUE(original.ParseFromString(bytes_of((cases() / (c.name + ".onnx")).string())));
    Spoiler spoiler(seed + std::hash<std::string>()(c.name));
    for (int i = 0; i < times; ++i) {
      onnx::ModelProto model = original;
      spoiler.spoil_fields(model);
      take(model.SerializeAsString(), folder, c.name + " " + std::to_string(i));
    }
  }
}

}  // namespace tenfold::graph
