// Convolutions, pools and LRN in double over {N, C, H, W}.
#include <algorithm>
#include <cmath>

#include "graph/evaluate_ops.h"

namespace tenfold::graph {
namespace {

struct Geometry {
  explicit Geometry(const Node& node)
      : kh(node.attr_int("kernel_h", 1)),
        kw(node.attr_int("kernel_w", 1)),
        sh(node.attr_int("stride_h", 1)),
        sw(node.attr_int("stride_w", 1)),
        dh(node.attr_int("dilation_h", 1)),
        dw(node.attr_int("dilation_w", 1)),
        top(node.attr_int("pad_top", 0)),
        left(node.attr_int("pad_left", 0)),
        bottom(node.attr_int("pad_bottom", 0)),
        right(node.attr_int("pad_right", 0)),
        groups(node.attr_int("groups", 1)) {}
  int64_t kh, kw, sh, sw, dh, dw, top, left, bottom, right, groups;
};

double* plane(Value& v, int64_t n, int64_t c) {
  return v.data.data() + (n * v.dims[1] + c) * v.dims[2] * v.dims[3];
}
const double* plane(const Value& v, int64_t n, int64_t c) {
  return v.data.data() + (n * v.dims[1] + c) * v.dims[2] * v.dims[3];
}

void fill_bias(std::span<const Value> in, size_t bias, Value& out) {
  if (in.size() <= bias) return;
  const int64_t pixels = out.dims[2] * out.dims[3];
  for (size_t i = 0; i < out.data.size(); ++i)
    out.data[i] = in[bias].data[static_cast<int64_t>(i) / pixels % out.dims[1]];
}

/// Bilinear, zero outside; 0 at one pixel or more outside.
double sample(const double* x, int64_t h, int64_t w, double y, double xx) {
  if (!(y > -1 && y < static_cast<double>(h) && xx > -1 && xx < static_cast<double>(w))) return 0;
  const auto y0 = static_cast<int64_t>(std::floor(y)), x0 = static_cast<int64_t>(std::floor(xx));
  const double fy = y - static_cast<double>(y0), fx = xx - static_cast<double>(x0);
  const auto at = [&](int64_t r, int64_t c) {
    return r < 0 || r >= h || c < 0 || c >= w ? 0.0 : x[r * w + c];
  };
  return (1 - fy) * ((1 - fx) * at(y0, x0) + fx * at(y0, x0 + 1)) +
         fy * ((1 - fx) * at(y0 + 1, x0) + fx * at(y0 + 1, x0 + 1));
}

}  // namespace

void evaluate_conv(const Node& node, std::span<const Value> in, Value& out) {
  const Geometry g(node);
  const Value &x = in[0], &w = in[1];
  fill_bias(in, 2, out);
  const int64_t cg = w.dims[1], kg = w.dims[0] / g.groups, ih = x.dims[2], iw = x.dims[3],
                ow = out.dims[3];
  for (int64_t n = 0; n < out.dims[0]; ++n)
    for (int64_t k = 0; k < out.dims[1]; ++k)
      for (int64_t c = 0; c < cg; ++c)
        for (int64_t r = 0; r < g.kh; ++r)
          for (int64_t s = 0; s < g.kw; ++s) {
            const double weight = w.data[((k * cg + c) * g.kh + r) * g.kw + s];
            const double* from = plane(x, n, k / kg * cg + c);
            for (int64_t oy = 0; oy < out.dims[2]; ++oy) {
              const int64_t iy = oy * g.sh - g.top + r * g.dh;
              if (iy < 0 || iy >= ih) continue;
              double* to = plane(out, n, k) + oy * ow;
              for (int64_t ox = 0; ox < ow; ++ox)
                if (const int64_t ix = ox * g.sw - g.left + s * g.dw; ix >= 0 && ix < iw)
                  to[ox] += weight * from[iy * iw + ix];
            }
          }
}

void evaluate_conv_transpose(const Node& node, std::span<const Value> in, Value& out) {
  const Geometry g(node);
  const Value &x = in[0], &w = in[1];
  fill_bias(in, 2, out);
  const int64_t kg = w.dims[1], cg = w.dims[0] / g.groups, oh = out.dims[2], ow = out.dims[3];
  for (int64_t n = 0; n < x.dims[0]; ++n)
    for (int64_t c = 0; c < x.dims[1]; ++c)
      for (int64_t k = 0; k < kg; ++k)
        for (int64_t y = 0; y < x.dims[2]; ++y)
          for (int64_t xx = 0; xx < x.dims[3]; ++xx)
            for (int64_t r = 0; r < g.kh; ++r)
              for (int64_t s = 0; s < g.kw; ++s) {
                const int64_t oy = y * g.sh - g.top + r * g.dh, ox = xx * g.sw - g.left + s * g.dw;
                if (oy < 0 || oy >= oh || ox < 0 || ox >= ow) continue;
                plane(out, n, c / cg * kg + k)[oy * ow + ox] +=
                    plane(x, n, c)[y * x.dims[3] + xx] *
                    w.data[((c * kg + k) * g.kh + r) * g.kw + s];
              }
}

void evaluate_deform_conv(const Node& node, std::span<const Value> in, bool masked, Value& out) {
  const Geometry g(node);
  const Value &x = in[0], &offset = in[1], &w = in[masked ? 3 : 2];
  fill_bias(in, masked ? 4 : 3, out);
  const int64_t cg = w.dims[1], kg = w.dims[0] / g.groups, points = g.kh * g.kw, ow = out.dims[3];
  const int64_t per_offset = x.dims[1] / node.attr_int("offset_groups", 1);
  for (int64_t n = 0; n < out.dims[0]; ++n)
    for (int64_t k = 0; k < out.dims[1]; ++k)
      for (int64_t i = 0; i < out.dims[2] * ow; ++i)
        for (int64_t c = 0; c < cg; ++c)
          for (int64_t p = 0; p < points; ++p) {
            const int64_t channel = k / kg * cg + c, at = channel / per_offset * points + p;
            const double y = static_cast<double>(i / ow * g.sh - g.top + p / g.kw * g.dh) +
                             plane(offset, n, 2 * at)[i];
            const double xx = static_cast<double>(i % ow * g.sw - g.left + p % g.kw * g.dw) +
                              plane(offset, n, 2 * at + 1)[i];
            const double weight =
                w.data[(k * cg + c) * points + p] * (masked ? plane(in[2], n, at)[i] : 1);
            plane(out, n, k)[i] +=
                weight * sample(plane(x, n, channel), x.dims[2], x.dims[3], y, xx);
          }
}

void evaluate_pool(const Node& node, const Value& x, Value& out) {
  const Geometry g(node);
  const bool average = node.op == "avg_pool2d", maximum = node.op == "max_pool2d";
  const double p = static_cast<double>(node.attr_int("p", 2));
  const bool count_pads = node.attr_int("count_include_pad", 0) != 0;
  const int64_t ih = x.dims[2], iw = x.dims[3];
  const int64_t count_h = ih + g.bottom - node.attr_int("ceil_h", 0),
                count_w = iw + g.right - node.attr_int("ceil_w", 0);
  for (int64_t n = 0; n < out.dims[0]; ++n)
    for (int64_t c = 0; c < out.dims[1]; ++c)
      for (int64_t oy = 0; oy < out.dims[2]; ++oy)
        for (int64_t ox = 0; ox < out.dims[3]; ++ox) {
          double value = maximum ? -INFINITY : 0;
          int64_t count = 0;
          for (int64_t r = 0; r < g.kh; ++r)
            for (int64_t s = 0; s < g.kw; ++s) {
              const int64_t iy = oy * g.sh - g.top + r * g.dh, ix = ox * g.sw - g.left + s * g.dw;
              const bool inside = iy >= 0 && iy < ih && ix >= 0 && ix < iw;
              if (inside || (count_pads && iy < count_h && ix < count_w)) ++count;
              if (!inside) continue;
              const double v = plane(x, n, c)[iy * iw + ix];
              value =
                  maximum ? std::max(value, v) : value + (average ? v : std::pow(std::abs(v), p));
            }
          if (average) value /= static_cast<double>(count);
          if (!average && !maximum) value = std::pow(value, 1 / p);
          plane(out, n, c)[oy * out.dims[3] + ox] = value;
        }
}

void evaluate_lrn(const Node& node, const Value& x, Value& out) {
  const int64_t size = node.attr_int("size", 1), channels = x.dims[1],
                pixels = x.dims[2] * x.dims[3];
  const double alpha = node.attr_float("alpha", 1e-4), beta = node.attr_float("beta", 0.75),
               bias = node.attr_float("bias", 1);
  for (int64_t n = 0; n < x.dims[0]; ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t i = 0; i < pixels; ++i) {
        double sum = 0;
        for (int64_t k = std::max<int64_t>(0, c - (size - 1) / 2);
             k <= std::min(channels - 1, c + size / 2); ++k)
          sum += plane(x, n, k)[i] * plane(x, n, k)[i];
        plane(out, n, c)[i] =
            plane(x, n, c)[i] / std::pow(bias + alpha / static_cast<double>(size) * sum, beta);
      }
}

}  // namespace tenfold::graph
