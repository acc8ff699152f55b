#include "npy.h"

#include <fstream>
#include <stdexcept>

void write_npy(const std::string& path, std::span<const float> values,
               std::span<const int64_t> dims) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (const int64_t dim : dims) header += std::to_string(dim) + ", ";
  header += "), }";
  constexpr size_t magic_bytes = 10;
  header.resize((magic_bytes + header.size() + 1 + 63) / 64 * 64 - magic_bytes - 1, ' ');
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  file.write("\x93NUMPY\x01\x00", 8);
  file.put(static_cast<char>(header.size() & 255));
  file.put(static_cast<char>(header.size() >> 8));
  file << header;
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size_bytes()));
  if (!file.flush()) throw std::runtime_error(path + ": can't be written");
}
