#include "cli/contest.h"

#include <algorithm>

#include "cli/series.h"

namespace tenfold::cli {
namespace {

constexpr double quiet_share = 0.9;

void append(std::vector<double>& to, const std::vector<double>& from, double scale = 1) {
  for (const double value : from) to.push_back(value * scale);
}

}  // namespace

std::vector<LanePeak> ContestSeries::lane_peaks() const {
  std::vector<LanePeak> medians;
  for (const runner_protocol::Peak& peak : peaks)
    medians.push_back({peak.lanes, quantile(peak.gflops, 0.5)});
  return medians;
}

void Contest::add(Round round) {
  for (const runner_protocol::Peak& peak : round.ours.peaks)
    if (peak.lanes == 8)  // a median, so that one odd reading of the clock sets no pace
      pace_->best_gflops = std::max(pace_->best_gflops, quantile(peak.gflops, 0.5));
  rounds_.push_back(std::move(round));
}

bool Contest::is_quiet(size_t round) const {
  const auto keeps_pace = [&](double gflops) { return gflops >= quiet_share * pace_->best_gflops; };
  // The first probe of the next round follows the last peer of this one.
  return std::ranges::all_of(rounds_[round].ours.loaded_gflops, keeps_pace) &&
         (round + 1 == rounds_.size() || keeps_pace(rounds_[round + 1].ours.loaded_gflops.front()));
}

int Contest::quiet_rounds() const {
  int quiet = 0;
  for (size_t round = 0; round < rounds_.size(); ++round) quiet += is_quiet(round);
  return quiet;
}

ContestSeries Contest::series() const {
  ContestSeries series{.peers = std::vector<PeerTimes>(entries.size())};
  const bool any_quiet = quiet_rounds() > 0;
  for (size_t at = 0; at < rounds_.size(); ++at) {
    if (any_quiet && !is_quiet(at)) continue;
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
