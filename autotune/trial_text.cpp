#include "autotune/trial_text.h"

#include <nlohmann/json.hpp>

#include "base/hash.h"

namespace tenfold::autotune {
namespace {

using Json = nlohmann::ordered_json;

Error malformed(const std::string& what) {
  return {ErrorCode::corrupt, "a trial's line " + what};
}

Result<std::string> text_field(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string())
    return malformed(std::string("lacks the text \"") + name + '"');
  return found->get<std::string>();
}

Result<int64_t> integer_field(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number_integer())
    return malformed(std::string("lacks the integer \"") + name + '"');
  return found->get<int64_t>();
}

Result<std::vector<int64_t>> integers_field(const Json& json, const char* name) {
  const auto found = json.find(name);
  const auto integer = [](const Json& value) { return value.is_number_integer(); };
  if (found == json.end() || !found->is_array() ||
      !std::all_of(found->begin(), found->end(), integer))
    return malformed(std::string("lacks the list of integers \"") + name + '"');
  return found->get<std::vector<int64_t>>();
}

}  // namespace

DeviceFacts this_cpu() {
  DeviceFacts facts{.device_name = cpu_name()};
  if (const Result<Target> host = parse_target("host")) {
    facts.l1_bytes = host->l1_bytes;
    facts.l2_bytes = host->l2_bytes;
    facts.l3_bytes = host->l3_bytes;
  }
  return facts;
}

std::string to_line(const Trial& trial, const std::optional<DeviceFacts>& device) {
  Json json;
  json["task"] = trial.key.task;
  json["target"] = trial.key.target;
  json["device"] = trial.key.device_name;
  json["threads"] = trial.key.threads;
  json["space_version"] = trial.key.space_version;
  json["compiler"] = trial.key.compiler;
  json["config"] = to_text(trial.config);
  json["status"] = to_string(trial.status);
  if (trial.status != TrialStatus::ok) json["reason"] = trial.reason;
  json["samples_ns"] = trial.samples_ns;
  json["created"] = trial.created_unix_s;
  if (device) json["caches"] = {device->l1_bytes, device->l2_bytes, device->l3_bytes};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<TrialLine> parse_line(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return malformed("is not a JSON object");
  TrialLine parsed;
  Trial& trial = parsed.trial;
  TENFOLD_TRY(trial.key.task, text_field(json, "task"));
  TENFOLD_TRY(trial.key.target, text_field(json, "target"));
  TENFOLD_TRY(trial.key.device_name, text_field(json, "device"));
  TENFOLD_TRY(const int64_t threads, integer_field(json, "threads"));
  TENFOLD_TRY(const int64_t version, integer_field(json, "space_version"));
  TENFOLD_TRY(trial.key.compiler, text_field(json, "compiler"));
  TENFOLD_TRY(const std::string config, text_field(json, "config"));
  TENFOLD_TRY(trial.config, parse_config(config));
  TENFOLD_TRY(const std::string status, text_field(json, "status"));
  TENFOLD_TRY(trial.status, parse_status(status));
  TENFOLD_TRY(trial.samples_ns, integers_field(json, "samples_ns"));
  TENFOLD_TRY(trial.created_unix_s, integer_field(json, "created"));
  trial.key.threads = static_cast<int>(threads);
  trial.key.space_version = static_cast<int>(version);
  if (trial.status != TrialStatus::ok) {
    TENFOLD_TRY(trial.reason, text_field(json, "reason"));
  } else if (trial.samples_ns.empty()) {
    return malformed("has no samples although its status is ok");
  }
  for (const int64_t sample : trial.samples_ns)
    if (sample <= 0) return malformed("has a sample that is not positive");
  if (json.contains("caches")) {
    TENFOLD_TRY(const std::vector<int64_t> caches, integers_field(json, "caches"));
    if (caches.size() != 3) return malformed("has \"caches\" that are not three");
    parsed.device = DeviceFacts{trial.key.device_name, caches[0], caches[1], caches[2]};
  }
  return parsed;
}

std::string trial_hash(const Trial& trial) {
  return content_hash(to_line(trial));
}

}  // namespace tenfold::autotune
