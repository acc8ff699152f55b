#include "cli/peers.h"

#include <algorithm>

#include "cli/files.h"
#include "cli/npy.h"
#include "cli/paths.h"

namespace tenfold::cli {

Result<Child> start_timing(const std::string& peer, const std::vector<std::string>& command) {
  // With the threshold at its greatest, what is below 32 MiB lies together on whole huge pages;
  // what is freed is kept, as by default. For glibc 2.35 and later.
  return Child::start(peer, command,
                      {"GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432:"
                       "glibc.malloc.trim_threshold=1073741824"});
}

Result<Child> start_peer(const std::string& peer) {
  if (std::find(std::begin(known_peers), std::end(known_peers), peer) == std::end(known_peers))
    return Error{ErrorCode::invalid_argument,
                 "--against " + peer + ": unknown; known: onnxruntime, openvino, mnn"};
  TENFOLD_TRY(const std::string python, peer_python(peer));
  TENFOLD_TRY(const std::string script,
              data_path("scripts/peers/bench_peers.py", "peers/bench_peers.py"));
  return start_timing(peer, {python, script, peer});
}

Result<nlohmann::json> write_inputs(const std::string& folder, const std::vector<PortInfo>& ports,
                                    const std::vector<Array>& inputs) {
  nlohmann::json files = nlohmann::json::object();
  for (size_t i = 0; i < ports.size(); ++i) {
    const std::string file = folder + "/input" + std::to_string(i) + ".npy";
    TENFOLD_CHECK(write_npy(file, inputs[i]));
    files[ports[i].name] = file;
  }
  return files;
}

Result<Reference> run_reference_engine(const std::string& model, const std::vector<PortInfo>& ports,
                                       const std::vector<Array>& inputs,
                                       const std::vector<std::string>& tensors) {
  TENFOLD_TRY(const std::string python, peer_python("onnxruntime"));
  TENFOLD_TRY(const std::string script,
              data_path("scripts/peers/reference.py", "peers/reference.py"));
  TENFOLD_TRY(const ScratchFolder folder, ScratchFolder::make());
  TENFOLD_TRY(const nlohmann::json files, write_inputs(folder.path(), ports, inputs));
  TENFOLD_TRY(Child child, Child::start("onnxruntime", {python, script}));
  TENFOLD_TRY(
      const nlohmann::json answer,
      child.call(
          {{"model", model}, {"inputs", files}, {"tensors", tensors}, {"folder", folder.path()}}));
  Reference reference{.version = answer.value("version", ""), .tensors = {}};
  const nlohmann::json made = answer.value("tensors", nlohmann::json::object());
  for (const auto& [name, file] : made.items()) {
    TENFOLD_TRY(Array array, read_npy(file.get<std::string>()));
    reference.tensors.emplace(name, std::move(array));
  }
  return reference;
}

}  // namespace tenfold::cli
