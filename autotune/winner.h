// Winner: which of many trials a compile should use. A config may have been measured more than
// once: briefly in the search, and at length when it was among the best. The longer measurement is
// believed, so that a lucky first one does not win; the rule does not depend on the order of the
// trials, so that merged databases agree.
#pragma once
#include <map>
#include <optional>
#include <span>

#include "autotune/trial.h"

namespace tenfold::autotune {

/// For each config its decisive trial: ok, with the most samples (then the larger median). A config
/// that gave a wrong result even once is left out.
std::map<Config, Trial> decisive_trials(std::span<const Trial> trials);

/// The decisive trial of lowest median; the smaller config where two are equal. Nothing when none
/// is ok.
std::optional<Trial> winner(std::span<const Trial> trials);

}  // namespace tenfold::autotune
