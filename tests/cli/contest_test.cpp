// Which rounds count: those in which nothing else disturbed the machine, for ours and for the
// peers.
#include "cli/contest.h"

#include <gtest/gtest.h>

namespace tenfold::cli::testing {
namespace {

Round round_of(double ms, double loaded_gflops, double peer_ms) {
  Round round;
  round.ours.warm_ns = round.ours.cold_ns = {ms * 1e6};
  round.ours.memory_ns = round.ours.cold_memory_ns = {1e3};
  round.ours.peaks = {{8, {100}}};
  round.ours.loaded_gflops = {loaded_gflops, loaded_gflops};
  round.peers = {{.warm_ms = {peer_ms}, .cold_ms = {}}};
  return round;
}

Contest contest_of(Pace& pace, const std::vector<Round>& rounds) {
  Contest contest(pace);
  contest.entries.emplace_back();
  for (const Round& round : rounds) contest.add(round);
  return contest;
}

TEST(Contest, LeavesDisturbedRoundsOutOfEverySeries) {
  Pace pace;
  const Contest contest = contest_of(
      pace, {round_of(1, 97, 4), round_of(2, 97, 5), round_of(9, 60, 50), round_of(3, 95, 6)});
  // The second round is followed by the third one's first probe: its peers may have been disturbed.
  EXPECT_EQ(contest.quiet_rounds(), 2);
  const ContestSeries series = contest.series();
  EXPECT_EQ(series.warm_ms, (std::vector<double>{1, 3}));
  EXPECT_EQ(series.peers[0].warm_ms, (std::vector<double>{4, 6}));
  ASSERT_EQ(series.lane_peaks().size(), 1u);
  EXPECT_EQ(series.lane_peaks()[0].gflops, 100);
}

TEST(Contest, CountsAllWhereNoneIsQuiet) {
  Pace pace;
  const Contest contest = contest_of(pace, {round_of(1, 60, 4), round_of(2, 70, 5)});
  EXPECT_EQ(contest.quiet_rounds(), 0);
  EXPECT_EQ(contest.series().warm_ms, (std::vector<double>{1, 2}));
}

/// What one problem has seen of the machine holds for the next one.
TEST(Contest, RemembersThePace) {
  Pace pace;
  contest_of(pace, {round_of(1, 97, 4)});
  Round slow = round_of(1, 58, 4);
  slow.ours.peaks[0].gflops = {60};
  EXPECT_EQ(contest_of(pace, {slow}).quiet_rounds(), 0);
}

}  // namespace
}  // namespace tenfold::cli::testing
