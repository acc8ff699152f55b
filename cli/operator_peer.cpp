#include "cli/operator_peer.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "cli/files.h"
#include "cli/interrupt.h"
#include "cli/npy.h"
#include "cli/paths.h"
#include "cli/peers.h"

namespace tenfold::cli {
namespace {

using nlohmann::json;

constexpr const char* onednn = "onednn";
// A peer may take another algorithm and other approximations: this finds a wrong model, no
// rounding.
constexpr double tolerance = 2e-3;

Status check_output(const Array& got, const Array& expected) {
  if (got.dims() != expected.dims())
    return Error{ErrorCode::failed,
                 "its output is " + to_string(got.dims()) + ", not " + to_string(expected.dims())};
  const auto g = got.as<float>(), e = expected.as<float>();
  for (size_t i = 0; i < g.size(); ++i)
    if (!(std::abs(g[i] - e[i]) <= tolerance * (1 + std::abs(e[i]))))
      return Error{ErrorCode::failed,
                   fmt::format("its output's element {} is {}, not {}", i, g[i], e[i])};
  return {};
}

Status check_file(const json& answer, const Array& expected) {
  const json outputs = answer.value("outputs", json::object());
  if (!outputs.contains("y")) return Error{ErrorCode::failed, "it gave no output"};
  TENFOLD_TRY(const Array got, read_npy(outputs["y"].get<std::string>()));
  return check_output(got, expected);
}

Result<std::string> write_array(const PeerData& data, const std::string& name,
                                const Array& values) {
  const std::string file = data.folder + "/" + name + ".npy";
  TENFOLD_CHECK(write_npy(file, values));
  return file;
}

}  // namespace

Result<std::unique_ptr<OperatorPeer>> OperatorPeer::start(const std::string& name) {
  if (name != onednn &&
      std::find(std::begin(known_peers), std::end(known_peers), name) == std::end(known_peers))
    return Error{ErrorCode::invalid_argument,
                 "--against " + name + ": unknown; known: onednn, onnxruntime, openvino, mnn"};
  std::unique_ptr<OperatorPeer> peer(new OperatorPeer(name));
  TENFOLD_CHECK(peer->ensure_running());
  return peer;
}

Status OperatorPeer::ensure_running() {
  if (child_) return {};
  if (name_ == onednn) {
    const auto worker = sibling_program("tenfold-onednn-worker");
    if (!worker)
      return Error{ErrorCode::unavailable,
                   "--against onednn: this build has no tenfold-onednn-worker: run scripts/setup, "
                   "then configure again"};
    TENFOLD_TRY(Child child, start_timing(name_, {*worker}));
    child_ = std::make_unique<Child>(std::move(child));
    return {};
  }
  TENFOLD_TRY(Child child, start_peer(name_));
  child_ = std::make_unique<Child>(std::move(child));
  return {};
}

Result<json> OperatorPeer::load(const PeerData& data, int threads) {
  TENFOLD_CHECK(ensure_running());
  Result<json> answer = name_ == onednn ? load_task(data, threads) : load_model(data, threads);
  if (!answer && answer.error().code != ErrorCode::unsupported) child_.reset();  // start anew
  if (!answer) return answer;
  const auto first = child_->call({{"runs", 3}});
  if (!first) return first.error();
  const auto ms = (*first)["ms"].get<std::vector<double>>();
  call_ms_ = std::max(1e-5, *std::min_element(ms.begin(), ms.end()));
  return answer;
}

Result<json> OperatorPeer::load_model(const PeerData& data, int threads) {
  TENFOLD_TRY(const PeerModel model, peer_model(data.problem, data.data));
  const std::string file = data.folder + "/model.onnx";
  TENFOLD_CHECK(replace_file(file, model.onnx));
  json inputs = json::object();
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    const std::string name = "x" + std::to_string(i);
    TENFOLD_TRY(inputs[name], write_array(data, name, model.inputs[i]));
  }
  TENFOLD_TRY(json answer, child_->call({{"load", file},
                                         {"threads", threads},
                                         {"inputs", inputs},
                                         {"outputs", {"y"}},
                                         {"folder", data.folder},
                                         {"profile", true}}));
  TENFOLD_CHECK(check_file(answer, model.expected));
  return answer;
}

Result<json> OperatorPeer::load_task(const PeerData& data, int threads) {
  const Task& task = data.problem.model;
  json inputs = json::array(), params = json::array();
  for (size_t i = 0; i < task.inputs.size(); ++i) {
    TENFOLD_TRY(const std::string file,
                write_array(data, "input" + std::to_string(i),
                            dense_values(task.inputs[i], data.data.inputs[i])));
    inputs.push_back(file);
  }
  for (size_t i = 0; i < data.data.params.size(); ++i) {
    const int64_t groups = i == 0 ? data.problem.before.shuffle_groups : 1;
    Array shuffled;
    if (groups > 1) shuffled = shuffled_weights(data.data.params[i], groups);
    TENFOLD_TRY(const std::string file, write_array(data, "param" + std::to_string(i),
                                                    groups > 1 ? shuffled : data.data.params[i]));
    params.push_back(file);
  }
  TENFOLD_TRY(json answer, child_->call({{"load", to_text(task)},
                                         {"threads", threads},
                                         {"inputs", inputs},
                                         {"params", params},
                                         {"shuffle", data.problem.before.shuffle_groups},
                                         {"concat", data.problem.before.concat},
                                         {"folder", data.folder}}));
  TENFOLD_CHECK(check_file(answer, dense_values(task.outputs[0], data.data.expected[0])));
  return answer;
}

Status OperatorPeer::time(int samples, int64_t sample_ns, PeerTimes& times) {
  const double sample_ms = static_cast<double>(sample_ns) / 1e6;
  const int repeats = static_cast<int>(std::clamp(sample_ms / call_ms_, 1.0, 1e5));
  TENFOLD_TRY(const json answer,
              child_->call({{"runs", samples}, {"repeats", repeats}, {"cold", samples}}));
  for (const auto& [key, series] : {std::pair{"ms", &times.warm_ms}, {"cold_ms", &times.cold_ms}})
    for (const double ms : answer.value(key, std::vector<double>())) series->push_back(ms);
  return check_interrupted();
}

}  // namespace tenfold::cli
