// The engines that tenfold is compared with, each in a process of its own.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "cli/child.h"
#include "cli/session.h"

namespace tenfold::cli {

inline constexpr const char* known_peers[] = {"onnxruntime", "openvino", "mnn"};

/// Starts a program that times a peer, whose malloc takes huge pages as tenfold's runtime does: on
/// a system that gives them only to those who ask, ONNX Runtime takes up to 1.8 times as long
/// without. Errors: unavailable.
Result<Child> start_timing(const std::string& peer, const std::vector<std::string>& command);

/// Starts the timing script of a peer. Errors: invalid_argument for an unknown name, unavailable.
Result<Child> start_peer(const std::string& peer);

/// What ONNX Runtime makes of the model: the tensors that it has, by name.
struct Reference {
  std::string version;
  std::map<std::string, Array> tensors;
};

/// Runs the model in ONNX Runtime on these inputs. `tensors` may name any tensor of the graph.
/// Errors: unavailable without ONNX Runtime, its own words where it fails.
Result<Reference> run_reference_engine(const std::string& model, const std::vector<PortInfo>& ports,
                                       const std::vector<Array>& inputs,
                                       const std::vector<std::string>& tensors);

/// Writes the inputs as .npy files into a folder; the answer maps names to files, as the scripts
/// take them.
Result<nlohmann::json> write_inputs(const std::string& folder, const std::vector<PortInfo>& ports,
                                    const std::vector<Array>& inputs);

}  // namespace tenfold::cli
