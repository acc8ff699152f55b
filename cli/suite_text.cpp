#include "cli/suite_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "cli/series.h"

namespace tenfold::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr double least_flops_of_speed_up = 50e6;
constexpr double layout_that_weighs = 0.1, call_that_weighs = 0.05;

bool is_timed(const Json& row) {
  return row.contains("median_ms") && row["median_ms"].is_number();
}

/// "onnxruntime 1.31x (layout 12 %)": the peer's time over ours.
std::string peer_text(const Json& row, const std::string& name, const Json& peer_ms) {
  if (!peer_ms.is_number())
    return fmt::format(
        "{} - ({})", name,
        row.value("peer_reasons", Json::object()).value(name, std::string("no time")));
  std::string text =
      fmt::format("{} {:.2f}x", name, peer_ms.get<double>() / row["median_ms"].get<double>());
  const double layout = row.value("peer_layout_share", Json::object()).value(name, 0.0);
  if (layout >= layout_that_weighs) text += fmt::format(" (layout {:.0f} %)", 100 * layout);
  const double call = row.value("peer_call_ms", Json::object()).value(name, 0.0);
  if (call >= call_that_weighs * peer_ms.get<double>())
    text += fmt::format(" (call {:.0f} %)", 100 * call / peer_ms.get<double>());
  return text;
}

std::string row_text(const Json& row) {
  const int threads = row["threads"];
  if (!is_timed(row))
    return fmt::format("  {} thread{}: not measured: {}\n", threads, threads == 1 ? "" : "s",
                       row.value("reason", std::string("no reason")));
  const double median = row["median_ms"];
  const Json& roof = row["roof"];
  std::string text = fmt::format(
      "  {} thr {:9.4f} ms (p10 {:+.0f} %, p90 {:+.0f} %)  cold {:9.4f} ms  {:7.1f} GFLOP/s  "
      "{:5.1f} % of the roof ({}), cold {:5.1f} %",
      threads, median, 100 * (row["p10_ms"].get<double>() / median - 1),
      100 * (row["p90_ms"].get<double>() / median - 1), row["cold_ms"].get<double>(),
      row["gflops"].get<double>(), 100 * row["roof_share"].get<double>(),
      roof["bound"] == "memory" ? std::string("memory")
                                : fmt::format("{} lanes, {:.1f}", roof["lanes"].get<int>(),
                                              roof["peak_gflops"].get<double>()),
      100 * row["cold_roof_share"].get<double>());
  if (row["quiet_rounds"] == 0) text += "  (disturbed throughout)";
  for (const auto& [name, ms] : row["peers"].items()) text += "  " + peer_text(row, name, ms);
  return text + "\n";
}

struct Family {
  int problems = 0, failed = 0;
  std::vector<double> shares, disturbed_shares;
  std::map<std::string, std::vector<double>> ratios, ratios_without_layout;
};

void count(Family& family, const Json& row) {
  ++family.problems;
  if (!is_timed(row)) {
    ++family.failed;
    return;
  }
  (row["quiet_rounds"] == 0 ? family.disturbed_shares : family.shares).push_back(row["roof_share"]);
  for (const auto& [name, ms] : row["peers"].items()) {
    if (!ms.is_number()) continue;
    const double ratio = ms.get<double>() / row["median_ms"].get<double>();
    const double layout = row.value("peer_layout_share", Json::object()).value(name, 0.0);
    family.ratios[name].push_back(ratio);
    family.ratios_without_layout[name].push_back(ratio * std::max(0.01, 1 - layout));
  }
}

Json family_row(const std::string& name, int threads, const Family& family) {
  Json row{{"family", name},
           {"threads", threads},
           {"problems", family.problems},
           {"failed", family.failed},
           {"disturbed", family.disturbed_shares.size()},
           {"median_roof_share", nullptr},
           {"worst_roof_share", nullptr},
           {"peers", Json::object()}};
  // A share of a disturbed moment says little of the kernel.
  const auto& shares = family.shares.empty() ? family.disturbed_shares : family.shares;
  if (!shares.empty()) {
    row["median_roof_share"] = quantile(shares, 0.5);
    row["worst_roof_share"] = quantile(shares, 0);
  }
  for (const auto& [peer, ratios] : family.ratios)
    row["peers"][peer] = {
        {"ratio", geometric_mean(ratios)},
        {"ratio_without_layout", geometric_mean(family.ratios_without_layout.at(peer))},
        {"worst_ratio", quantile(ratios, 0)},
        {"problems", ratios.size()}};
  return row;
}

/// Times of one problem by thread count.
std::map<std::string, std::map<int, double>> times_of_large(const std::vector<Json>& rows) {
  std::map<std::string, std::map<int, double>> times;
  for (const Json& row : rows)
    if (is_timed(row) && row["flops"].get<double>() >= least_flops_of_speed_up)
      times[row["problem"]][row["threads"]] = row["median_ms"];
  return times;
}

}  // namespace

std::string problem_text(const std::vector<Json>& rows) {
  std::string text =
      fmt::format("[{}] {}, {}\n", rows[0]["family"].get<std::string>(),
                  rows[0]["problem"].get<std::string>(), rows[0]["target"].get<std::string>());
  std::string config;
  for (const Json& row : rows) {
    text += row_text(row);
    if (!row.contains("config")) continue;
    const std::string now =
        fmt::format("[{}] {}", row["config"].get<std::string>(), row["origin"].get<std::string>());
    if (now != config) text += "        " + now + "\n";
    config = now;
  }
  text.pop_back();  // the last end of line
  return text;
}

Json summary_of(const std::vector<Json>& rows) {
  std::map<std::pair<std::string, int>, Family> families;
  std::map<int, Family> all;
  for (const Json& row : rows) {
    count(families[{row["family"], row["threads"]}], row);
    count(all[row["threads"]], row);
  }
  Json summary{{"families", Json::array()}, {"speed_up", nullptr}};
  for (const auto& [key, family] : families)
    summary["families"].push_back(family_row(key.first, key.second, family));
  if (families.size() > all.size())
    for (const auto& [threads, family] : all)
      summary["families"].push_back(family_row("all", threads, family));
  std::vector<double> speed_ups;
  for (const auto& [problem, times] : times_of_large(rows))
    if (times.contains(1) && times.contains(2)) speed_ups.push_back(times.at(1) / times.at(2));
  if (!speed_ups.empty())
    summary["speed_up"] = {{"problems", speed_ups.size()},
                           {"median", quantile(speed_ups, 0.5)},
                           {"worst", quantile(speed_ups, 0)}};
  return summary;
}

std::string summary_text(const Json& summary) {
  std::string text = fmt::format("\n{:<14} {:>4} {:>9} {:>8} {:>8}  peers' time to ours\n",
                                 "family", "thr", "problems", "median", "worst");
  for (const Json& row : summary["families"]) {
    const auto share = [&](const char* name) {
      return row[name].is_number() ? fmt::format("{:.1f} %", 100 * row[name].get<double>()) : "-";
    };
    text += fmt::format("{:<14} {:>4} {:>9} {:>8} {:>8} ", row["family"].get<std::string>(),
                        row["threads"].get<int>(), row["problems"].get<int>(),
                        share("median_roof_share"), share("worst_roof_share"));
    for (const auto& [name, peer] : row["peers"].items()) {
      const double ratio = peer["ratio"], bare = peer["ratio_without_layout"];
      text += fmt::format(" {} {:.2f}x", name, ratio);
      if (bare < 0.98 * ratio) text += fmt::format(" ({:.2f}x less its layout changes)", bare);
    }
    if (const int failed = row["failed"]; failed > 0)
      text += fmt::format("  {} not measured", failed);
    if (const int disturbed = row["disturbed"]; disturbed > 0)
      text += fmt::format("  {} disturbed throughout", disturbed);
    text += "\n";
  }
  if (const Json& speed_up = summary["speed_up"]; speed_up.is_object())
    text += fmt::format(
        "two threads against one, {} problems of 50 MFLOP and more: {:.2f}x in the median, {:.2f}x "
        "at worst\n",
        speed_up["problems"].get<int>(), speed_up["median"].get<double>(),
        speed_up["worst"].get<double>());
  return text;
}

}  // namespace tenfold::cli
