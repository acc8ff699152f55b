// Pictures: reading, resizing, what the network wants to see, drawing, writing.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

using Color = std::array<uint8_t, 3>;
struct Point {
  double x = 0, y = 0;
};

/// Red, green, blue, a byte each, row after row.
struct Picture {
  int width = 0, height = 0;
  std::vector<uint8_t> pixels;
};

/// Throws std::runtime_error, which names the file, when it can't be read or written.
Picture read_picture(const std::string& path);
void write_png(const std::string& path, const Picture& picture);

/// Linear interpolation between the pixels' centres.
Picture resized(const Picture& picture, int width, int height);

/// What PP-OCR's detector reads: planes of blue, green and red, (value/255 - mean) / deviation with
/// ImageNet's numbers.
std::vector<float> network_input(const Picture& picture);

void draw_line(Picture& picture, Point from, Point to, Color color);
