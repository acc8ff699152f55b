// Arrays as NumPy's .npy files (format 1.0), so that what the network read and gave can be compared
// elsewhere.
#pragma once
#include <cstdint>
#include <span>
#include <string>

/// Throws std::runtime_error, which names the file.
void write_npy(const std::string& path, std::span<const float> values,
               std::span<const int64_t> dims);
