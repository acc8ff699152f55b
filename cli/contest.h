// The rounds of one problem, in which ours and the peers take turns, and which of them count: a
// round that another program of the machine disturbed is left out of everyone's series.
#pragma once
#include <string>
#include <vector>

#include "autotune/data.h"
#include "base/runner_protocol.h"
#include "cli/operator_peer.h"
#include "cli/roof.h"

namespace tenfold::cli {

/// How fast this machine can be with one number of threads.
struct Pace {
  std::vector<double> readings_gflops;  // of the multiply-add peak on vectors of 8, so far

  /// What a tenth of the readings exceed, so that a few odd ones of the clock set no pace.
  /// Precondition: there is a reading.
  double gflops() const;
};

/// One engine beside ours.
struct PeerEntry {
  OperatorPeer* peer;
  nlohmann::json loaded;
  std::string reason;  // why it takes no part; empty: it does
};

struct Round {
  runner_protocol::Figures ours;
  std::vector<PeerTimes> peers;  // one an entry
};

/// Series over the rounds that count; times in ms.
struct ContestSeries {
  std::vector<double> warm_ms, cold_ms, memory_ms, cold_memory_ms;
  std::vector<runner_protocol::Peak> peaks;
  std::vector<PeerTimes> peers;

  std::vector<LanePeak> lane_peaks() const;
};

class Contest {
 public:
  explicit Contest(Pace& pace) : pace_(&pace) {}

  std::vector<PeerEntry> entries;

  void add(Round round);
  int rounds() const { return static_cast<int>(rounds_.size()); }

  /// Rounds in which, from their first sample to the next round's, multiply-adds with operands from
  /// the first-level cache kept runner_protocol::quiet_share of the pace.
  int quiet_rounds() const;

  /// Of the quiet rounds; of all where there is none. Precondition: there is a round.
  ContestSeries series() const;

 private:
  std::vector<bool> quiet() const;  // of each round, whether it counts

  Pace* pace_;
  std::vector<Round> rounds_;
};

}  // namespace tenfold::cli
