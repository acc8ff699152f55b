// Rows of OperatorBench as text for people: a problem's block, and the summary by family.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tenfold::cli {

/// A line for the problem, one a thread count, and the config; without the last end of line.
std::string problem_text(const std::vector<nlohmann::ordered_json>& rows);

/// By family and thread count: problems, median and worst share of the roof, the geometric mean of
/// each peer's time to ours; and the speed-up from one thread to two on problems of 50 MFLOP and
/// more, where both were measured.
nlohmann::ordered_json summary_of(const std::vector<nlohmann::ordered_json>& rows);
std::string summary_text(const nlohmann::ordered_json& summary);

}  // namespace tenfold::cli
