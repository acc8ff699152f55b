#include "cli/contest.h"

#include <algorithm>

#include "cli/series.h"

namespace tenfold::cli {
namespace {

constexpr double pace_quantile = 0.9;

void append(std::vector<double>& to, const std::vector<double>& from, double scale = 1) {
  for (const double value : from) to.push_back(value * scale);
}

}  // namespace

double Pace::gflops() const {
  return quantile(readings_gflops, pace_quantile);
}

std::vector<LanePeak> ContestSeries::lane_peaks() const {
  std::vector<LanePeak> medians;
  for (const runner_protocol::Peak& peak : peaks)
    medians.push_back({peak.lanes, quantile(peak.gflops, 0.5)});
  return medians;
}

void Contest::add(Round round) {
  for (const runner_protocol::Peak& peak : round.ours.peaks)
    if (peak.lanes == 8) append(pace_->readings_gflops, peak.gflops);
  rounds_.push_back(std::move(round));
}

std::vector<bool> Contest::quiet() const {
  const double least_gflops = rounds_.empty() ? 0 : runner_protocol::quiet_share * pace_->gflops();
  const auto keeps_pace = [&](double gflops) { return gflops >= least_gflops; };
  std::vector<bool> quiet;
  for (size_t at = 0; at < rounds_.size(); ++at)
    // The first probe of the next round follows the last peer of this one.
    quiet.push_back(
        std::ranges::all_of(rounds_[at].ours.loaded_gflops, keeps_pace) &&
        (at + 1 == rounds_.size() || keeps_pace(rounds_[at + 1].ours.loaded_gflops.front())));
  return quiet;
}

int Contest::quiet_rounds() const {
  return static_cast<int>(std::ranges::count(quiet(), true));
}

ContestSeries Contest::series() const {
  ContestSeries series{.peers = std::vector<PeerTimes>(entries.size())};
  const std::vector<bool> counts = quiet();
  const bool any = std::ranges::count(counts, true) > 0;
  for (size_t at = 0; at < rounds_.size(); ++at) {
    if (any && !counts[at]) continue;
    const runner_protocol::Figures& ours = rounds_[at].ours;
    append(series.warm_ms, ours.warm_ns, 1e-6);
    append(series.cold_ms, ours.cold_ns, 1e-6);
    append(series.memory_ms, ours.memory_ns, 1e-6);
    append(series.cold_memory_ms, ours.cold_memory_ns, 1e-6);
    for (size_t i = 0; i < ours.peaks.size(); ++i) {
      if (series.peaks.size() <= i) series.peaks.push_back({ours.peaks[i].lanes, {}});
      append(series.peaks[i].gflops, ours.peaks[i].gflops);
    }
    for (size_t i = 0; i < entries.size(); ++i) {
      append(series.peers[i].warm_ms, rounds_[at].peers[i].warm_ms);
      append(series.peers[i].cold_ms, rounds_[at].peers[i].cold_ms);
    }
  }
  return series;
}

}  // namespace tenfold::cli
