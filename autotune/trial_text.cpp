#include "autotune/trial_text.h"

#include <nlohmann/json.hpp>

#include "base/hash.h"

namespace tenfold::autotune {
namespace {

using Json = nlohmann::ordered_json;

Error malformed(const std::string& what) {
  return {ErrorCode::corrupt, "a trial " + what};
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
  const Result<Config> parsed_config = parse_config(config);
  if (!parsed_config)
    return malformed("has a config that is none: " + parsed_config.error().message);
  trial.config = *parsed_config;
  TENFOLD_TRY(const std::string status, text_field(json, "status"));
  const Result<TrialStatus> parsed_status = parse_status(status);
  if (!parsed_status) return malformed("has no status: " + parsed_status.error().message);
  trial.status = *parsed_status;
  TENFOLD_TRY(trial.samples_ns, integers_field(json, "samples_ns"));
  TENFOLD_TRY(trial.created_unix_s, integer_field(json, "created"));
  const Result<Task> task = parse_task(trial.key.task);
  if (!task) return malformed("is of a task that is none: " + task.error().message);
  TENFOLD_CHECK(set_counts(trial.key, threads, version));
  if (trial.status != TrialStatus::ok) {
    TENFOLD_TRY(trial.reason, text_field(json, "reason"));
  }
  TENFOLD_CHECK(check_samples(trial));
  if (json.contains("caches")) {
    TENFOLD_TRY(const std::vector<int64_t> caches, integers_field(json, "caches"));
    if (caches.size() != 3) return malformed("has \"caches\" that are not three");
    parsed.device = DeviceFacts{trial.key.device_name, caches[0], caches[1], caches[2]};
  }
  return parsed;
}

Status set_counts(TrialKey& key, int64_t threads, int64_t space_version) {
  constexpr int64_t most = 1 << 20;
  if (threads < 1 || threads > most)
    return malformed("has " + std::to_string(threads) + " threads");
  if (space_version < 1 || space_version > most)
    return malformed("is of version " + std::to_string(space_version) + " of its space");
  key.threads = static_cast<int>(threads);
  key.space_version = static_cast<int>(space_version);
  return {};
}

Status check_samples(const Trial& trial) {
  if (trial.status == TrialStatus::ok && trial.samples_ns.empty())
    return malformed("has no samples although its status is ok");
  for (const int64_t sample : trial.samples_ns)
    if (sample <= 0) return malformed("has a sample that is not positive");
  return {};
}

std::string trial_hash(const Trial& trial) {
  return content_hash(to_line(trial));
}

}  // namespace tenfold::autotune
