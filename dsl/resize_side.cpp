#include "dsl/resize_side.h"

#include <cmath>
#include <numeric>

#include "dsl/rules.h"

namespace tenfold::dsl {
namespace {

enum Coordinate {
  half_pixel,
  asymmetric,
  align_corners,
  pytorch_half_pixel,
  half_pixel_symmetric,
  tf_half_pixel_for_nn
};

struct Fraction {
  int64_t over, under;
};

/// The simplest fraction within half a unit of the last place of a float: scales are float32 in a
/// model, and 4/3 is meant where 1.3333334 stands. Walks the continued fraction.
Fraction simplest(double value) {
  int64_t p0 = 0, q0 = 1, p1 = 1, q1 = 0;
  double rest = value;
  for (int i = 0; i < 40; ++i) {
    const int64_t whole = static_cast<int64_t>(std::floor(rest));
    const Fraction next{whole * p1 + p0, whole * q1 + q0};
    if (std::abs(static_cast<double>(next.over) / static_cast<double>(next.under) - value) <=
        value * 6e-8)
      return next;
    p0 = p1, q0 = q1, p1 = next.over, q1 = next.under;
    rest = 1 / (rest - static_cast<double>(whole));
  }
  return {p1, q1};
}

}  // namespace

int64_t ResizeSide::phases() const {
  return unit / std::gcd(step, unit);
}

Result<ResizeSide> resize_side(const Task& task, int dim) {
  ResizeSide s{.in = task.inputs[0].dims[dim], .out = task.outputs[0].dims[dim]};
  const double ratio = static_cast<double>(s.out) / static_cast<double>(s.in);
  const double scale = task.attrs.get(dim == 1 ? "scale_h" : "scale_w", ratio);
  const auto [p, q] = simplest(scale);
  // A coordinate is (o + 1/2) / scale - 1/2 = (2q*o + q - p) / 2p, unless the mode says otherwise.
  s.step = 2 * q, s.first = q - p, s.unit = 2 * p;
  switch (task.attrs.get_int("coordinate", half_pixel)) {
    case asymmetric:
      s.first = 0;
      break;
    case align_corners:
      s.step = s.out > 1 ? s.in - 1 : 0, s.first = 0, s.unit = std::max<int64_t>(s.out - 1, 1);
      break;
    case pytorch_half_pixel:
      if (s.out == 1) s.step = 0, s.first = 0, s.unit = 1;
      break;
    case half_pixel_symmetric:
      s.first += s.in * p - s.out * q;
      break;
    case tf_half_pixel_for_nn:
      s.first = q;
      break;
    default:
      break;
  }
  const int64_t common = std::gcd(std::gcd(s.step, s.first), s.unit);
  s.step /= common, s.first /= common, s.unit /= common;
  const double furthest = static_cast<double>(s.step) * static_cast<double>(s.out) +
                          std::abs(static_cast<double>(s.first)) + static_cast<double>(s.unit);
  if (furthest * 4 > 2147483647.0)
    return Error{ErrorCode::unsupported, task.op + ": scale " + number_text(scale) + " over " +
                                             std::to_string(s.in) +
                                             " pixels needs more than 32 bits"};
  return s;
}

}  // namespace tenfold::dsl
