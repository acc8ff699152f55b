#include "autotune/records.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "autotune/winner.h"

namespace tenfold::autotune {
namespace {

/// Sum over the cache levels of |log2 of the sizes' ratio|: a cache of twice the size is 1 away.
double cache_distance(const DeviceFacts& a, const DeviceFacts& b) {
  const auto level = [](int64_t x, int64_t y) {
    return std::abs(std::log2(static_cast<double>(std::max<int64_t>(x, 1)) /
                              static_cast<double>(std::max<int64_t>(y, 1))));
  };
  return level(a.l1_bytes, b.l1_bytes) + level(a.l2_bytes, b.l2_bytes) +
         level(a.l3_bytes, b.l3_bytes);
}

constexpr double unknown_caches = 20;  // further than any machine whose caches are known

/// How well a group of trials answers the query; smaller is better.
struct Nearness {
  RecordSource source;
  double caches;
  double threads;  // |log2 of the ratio|
  bool other_compiler;
  auto operator<=>(const Nearness&) const = default;
};

Nearness nearness(const TrialKey& key, const RecordQuery& query, const DeviceFacts& here,
                  const std::map<std::string, DeviceFacts>& devices) {
  Nearness near{RecordSource::exact, 0, 0, key.compiler != query.compiler};
  near.threads = std::abs(
      std::log2(static_cast<double>(std::max(key.threads, 1)) / std::max(query.threads, 1)));
  if (key.device_name != here.device_name) {
    const auto facts = devices.find(key.device_name);
    near.caches = facts == devices.end() ? unknown_caches : cache_distance(facts->second, here);
    near.source = RecordSource::similar_machine;
  } else if (near.other_compiler) {
    near.source = RecordSource::other_compiler;
  } else if (near.threads > 0) {
    near.source = RecordSource::other_threads;
  }
  return near;
}

bool has_tried(const std::vector<Trial>& trials, const std::string& algorithm) {
  return std::any_of(trials.begin(), trials.end(),
                     [&](const Trial& trial) { return trial.config.algorithm == algorithm; });
}

}  // namespace

const char* to_string(RecordSource source) {
  switch (source) {
    case RecordSource::exact:
      return "exact";
    case RecordSource::other_threads:
      return "tuned for other threads";
    case RecordSource::other_compiler:
      return "tuned with another compiler version";
    case RecordSource::similar_machine:
      return "from a similar machine";
    case RecordSource::untuned:
      return "untuned";
  }
  return "unknown";
}

Result<ChosenConfig> choose_config(SqliteDatabase& database, const Task& task,
                                   const RecordQuery& query) {
  TrialKey key = any_key();
  key.task = to_text(task);
  key.target = query.target.name;
  TENFOLD_TRY(std::vector<Trial> trials, database.trials(key));
  TENFOLD_TRY(const auto devices, database.devices(key));
  const DeviceFacts here = this_cpu();

  std::map<Nearness, std::vector<Trial>> groups;
  for (Trial& trial : trials) {
    const auto space = schedules::find_space(trial.config.algorithm);
    if (!space || (*space)->version != trial.key.space_version) continue;
    if (!schedules::check(task, query.target, trial.config)) continue;
    if (!schedules::accurate(task, trial.config, query.accuracy)) continue;
    groups[nearness(trial.key, query, here, devices)].push_back(std::move(trial));
  }
  const Config untuned = schedules::initial_config(task, query.target, query.accuracy);
  for (const auto& [near, group] : groups) {
    const auto best = winner(group);
    if (best && has_tried(group, untuned.algorithm))
      return ChosenConfig{best->config, near.source, best->median_ns(), best->key.device_name};
  }
  return ChosenConfig{untuned, RecordSource::untuned, 0, ""};
}

void RecordCoverage::add(const Task& task, const ChosenConfig& chosen) {
  ++tasks[static_cast<size_t>(chosen.source)];
  if (chosen.source == RecordSource::untuned) untuned.push_back(to_text(task));
}

std::string RecordCoverage::text() const {
  std::string text;
  for (size_t i = 0; i < tasks.size(); ++i)
    if (tasks[i] > 0)
      text += (text.empty() ? "" : ", ") + std::to_string(tasks[i]) + " " +
              to_string(static_cast<RecordSource>(i));
  return text.empty() ? "no tasks" : text;
}

Status require_tuned(const RecordCoverage& coverage) {
  if (coverage.untuned.empty()) return {};
  return Error{ErrorCode::not_found, std::to_string(coverage.untuned.size()) +
                                         " tasks have no record in which the default of today "
                                         "competed (--require-tuned), the first is: " +
                                         coverage.untuned.front()};
}

}  // namespace tenfold::autotune
