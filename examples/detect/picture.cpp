#include "picture.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_HDR
#include <stb_image.h>
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

Picture read_picture(const std::string& path) {
  Picture picture;
  int channels = 0;
  uint8_t* bytes = stbi_load(path.c_str(), &picture.width, &picture.height, &channels, 3);
  if (!bytes) throw std::runtime_error(path + ": " + stbi_failure_reason());
  picture.pixels.assign(bytes, bytes + size_t{3} * picture.width * picture.height);
  stbi_image_free(bytes);
  return picture;
}

void write_png(const std::string& path, const Picture& picture) {
  if (!stbi_write_png(path.c_str(), picture.width, picture.height, 3, picture.pixels.data(),
                      3 * picture.width))
    throw std::runtime_error(path + ": can't be written");
}

Picture resized(const Picture& from, int width, int height) {
  Picture to{width, height, std::vector<uint8_t>(size_t{3} * width * height)};
  const auto at = [&](int x, int y, int channel) {
    x = std::clamp(x, 0, from.width - 1);
    y = std::clamp(y, 0, from.height - 1);
    return static_cast<double>(from.pixels[3 * (size_t{1} * y * from.width + x) + channel]);
  };
  for (int y = 0; y < height; ++y) {
    const double sy = (y + 0.5) * from.height / height - 0.5;
    const int y0 = static_cast<int>(std::floor(sy));
    for (int x = 0; x < width; ++x) {
      const double sx = (x + 0.5) * from.width / width - 0.5;
      const int x0 = static_cast<int>(std::floor(sx));
      for (int c = 0; c < 3; ++c) {
        const double above = std::lerp(at(x0, y0, c), at(x0 + 1, y0, c), sx - x0);
        const double below = std::lerp(at(x0, y0 + 1, c), at(x0 + 1, y0 + 1, c), sx - x0);
        to.pixels[3 * (size_t{1} * y * width + x) + c] =
            static_cast<uint8_t>(std::lround(std::lerp(above, below, sy - y0)));
      }
    }
  }
  return to;
}

std::vector<float> network_input(const Picture& picture) {
  constexpr float mean[] = {0.485f, 0.456f, 0.406f};
  constexpr float deviation[] = {0.229f, 0.224f, 0.225f};
  const size_t plane = size_t{1} * picture.width * picture.height;
  std::vector<float> input(3 * plane);
  for (size_t c = 0; c < 3; ++c)
    for (size_t i = 0; i < plane; ++i)
      input[c * plane + i] =
          (static_cast<float>(picture.pixels[3 * i + 2 - c]) / 255 - mean[c]) / deviation[c];
  return input;
}

void draw_line(Picture& picture, Point from, Point to, Color color) {
  const int steps =
      1 + static_cast<int>(2 * std::max(std::abs(to.x - from.x), std::abs(to.y - from.y)));
  for (int i = 0; i <= steps; ++i) {
    const double t = static_cast<double>(i) / steps;
    const int x = static_cast<int>(std::lround(std::lerp(from.x, to.x, t)));
    const int y = static_cast<int>(std::lround(std::lerp(from.y, to.y, t)));
    for (const auto& [dx, dy] : {std::pair{0, 0}, {1, 0}, {0, 1}, {1, 1}})
      if (x + dx >= 0 && x + dx < picture.width && y + dy >= 0 && y + dy < picture.height)
        std::copy(
            color.begin(), color.end(),
            picture.pixels.begin() + 3 * (std::ptrdiff_t{1} * (y + dy) * picture.width + x + dx));
  }
}
