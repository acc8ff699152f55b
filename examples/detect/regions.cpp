#include "regions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace {

double cross(Point o, Point a, Point b) {
  return (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
}

/// Andrew's monotone chain.
std::vector<Point> convex_hull(std::vector<Point> points) {
  std::sort(points.begin(), points.end(),
            [](Point a, Point b) { return a.x != b.x ? a.x < b.x : a.y < b.y; });
  std::vector<Point> hull;
  for (int side = 0; side < 2; ++side) {
    const size_t start = hull.size();
    for (const Point& point : points) {
      while (hull.size() >= start + 2 && cross(hull[hull.size() - 2], hull.back(), point) <= 0)
        hull.pop_back();
      hull.push_back(point);
    }
    hull.pop_back();
    std::reverse(points.begin(), points.end());
  }
  return hull;
}

struct Rectangle {
  Point along;                   // unit vector of one side
  double low_a = 0, high_a = 0;  // extent along it
  double low_b = 0, high_b = 0;  // and across
  double width() const { return high_a - low_a; }
  double height() const { return high_b - low_b; }
};

/// The rectangle of least area around the hull: one of its sides lies on a side of the hull.
Rectangle smallest_rectangle(const std::vector<Point>& hull) {
  Rectangle best;
  double best_area = std::numeric_limits<double>::max();
  for (size_t i = 0; i < hull.size(); ++i) {
    const Point from = hull[i], to = hull[(i + 1) % hull.size()];
    const double length = std::hypot(to.x - from.x, to.y - from.y);
    if (length == 0) continue;
    Rectangle box{{(to.x - from.x) / length, (to.y - from.y) / length}, 1e9, -1e9, 1e9, -1e9};
    for (const Point& point : hull) {
      const double a = point.x * box.along.x + point.y * box.along.y;
      const double b = point.y * box.along.x - point.x * box.along.y;
      box.low_a = std::min(box.low_a, a);
      box.high_a = std::max(box.high_a, a);
      box.low_b = std::min(box.low_b, b);
      box.high_b = std::max(box.high_b, b);
    }
    if (const double area = box.width() * box.height(); area < best_area) {
      best_area = area;
      best = box;
    }
  }
  return best;
}

std::array<Point, 4> widened_corners(const Rectangle& box, double ratio) {
  const double by = box.width() * box.height() * ratio / (2 * (box.width() + box.height()));
  const auto corner = [&](double a, double b) {
    return Point{a * box.along.x - b * box.along.y, a * box.along.y + b * box.along.x};
  };
  return {corner(box.low_a - by, box.low_b - by), corner(box.high_a + by, box.low_b - by),
          corner(box.high_a + by, box.high_b + by), corner(box.low_a - by, box.high_b + by)};
}

/// The pixels that hang together with `seed` through their eight neighbours; they are taken out of
/// the mask.
std::vector<Point> take_component(std::vector<char>& mask, int width, int height, int seed) {
  std::vector<Point> pixels;
  std::vector<int> open{seed};
  mask[static_cast<size_t>(seed)] = 0;
  while (!open.empty()) {
    const int x = open.back() % width, y = open.back() / width;
    open.pop_back();
    pixels.push_back({static_cast<double>(x), static_cast<double>(y)});
    for (int ny = std::max(0, y - 1); ny <= std::min(height - 1, y + 1); ++ny)
      for (int nx = std::max(0, x - 1); nx <= std::min(width - 1, x + 1); ++nx)
        if (char& pixel = mask[static_cast<size_t>(ny * width + nx)]; pixel) {
          pixel = 0;
          open.push_back(ny * width + nx);
        }
  }
  return pixels;
}

}  // namespace

std::vector<Region> find_regions(const float* probability, int width, int height,
                                 const RegionOptions& options) {
  std::vector<char> mask(static_cast<size_t>(width) * height);
  for (size_t i = 0; i < mask.size(); ++i) mask[i] = probability[i] > options.threshold;

  std::vector<Region> regions;
  for (int seed = 0; seed < width * height; ++seed) {
    if (!mask[static_cast<size_t>(seed)]) continue;
    const std::vector<Point> pixels = take_component(mask, width, height, seed);
    const std::vector<Point> hull = convex_hull(pixels);
    if (hull.size() < 3) continue;
    const Rectangle box = smallest_rectangle(hull);
    if (std::min(box.width(), box.height()) < options.least_side) continue;

    Region region{widened_corners(box, options.unclip_ratio), 0, pixels[0].y, pixels[0].y};
    for (const Point& pixel : pixels) {
      region.score +=
          probability[static_cast<size_t>(pixel.y) * width + static_cast<size_t>(pixel.x)];
      region.top = std::min(region.top, pixel.y);
      region.bottom = std::max(region.bottom, pixel.y);
    }
    region.score /= static_cast<double>(pixels.size());
    if (region.score >= options.least_score) regions.push_back(region);
  }
  return regions;
}

std::vector<std::vector<size_t>> group_lines(const std::vector<Region>& regions) {
  std::vector<size_t> order(regions.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return regions[a].top + regions[a].bottom < regions[b].top + regions[b].bottom;
  });
  std::vector<std::vector<size_t>> lines;
  for (const size_t index : order) {
    const Region& region = regions[index];
    const auto beside = [&](const std::vector<size_t>& line) {
      return std::any_of(line.begin(), line.end(), [&](size_t other) {
        const Region& that = regions[other];
        const double overlap =
            std::min(region.bottom, that.bottom) - std::max(region.top, that.top);
        return overlap > 0.5 * std::min(region.bottom - region.top, that.bottom - that.top);
      });
    };
    const auto line = std::find_if(lines.begin(), lines.end(), beside);
    if (line == lines.end())
      lines.push_back({index});
    else
      line->push_back(index);
  }
  return lines;
}
