// From the detector's map of probabilities to regions of text, as PP-OCR's DBPostProcess does:
// threshold, connected components, the smallest rectangle around each, widened, because the network
// is trained on shrunken regions.
#pragma once
#include <array>
#include <vector>

#include "picture.h"

struct RegionOptions {
  float threshold = 0.3f;     // a pixel of text
  float least_score = 0.5f;   // mean probability of a region's pixels
  double least_side = 3;      // in pixels, before widening
  double unclip_ratio = 1.6;  // widened by area * ratio / perimeter on each side
};

struct Region {
  std::array<Point, 4> corners;
  double score = 0;
  double top = 0, bottom = 0;  // of the pixels in it
};

std::vector<Region> find_regions(const float* probability, int width, int height,
                                 const RegionOptions& options);

/// Regions that stand beside each other, from top to bottom: those whose heights overlap by more
/// than half of the smaller one are one line. Values are indices of regions.
std::vector<std::vector<size_t>> group_lines(const std::vector<Region>& regions);
