// Statistics of a series of measurements.
#pragma once
#include <vector>

namespace tenfold::cli {

/// Linear between the two nearest; 0.5 is the median. Precondition: not empty.
double quantile(std::vector<double> values, double share);

/// Precondition: not empty, all positive.
double geometric_mean(const std::vector<double>& values);

}  // namespace tenfold::cli
