#include "toy.h"

#include <unistd.h>

#include <cstring>
#include <fstream>
#include <stdexcept>

namespace toy {

namespace fs = std::filesystem;

std::vector<char> weights_file() {
  std::vector<char> bytes(4096 + 64 + 4 * count);
  for (size_t i = 0; i < count; ++i) {
    const float value = static_cast<float>(i) / 4;
    std::memcpy(bytes.data() + 4096 + 64 + 4 * i, &value, 4);
  }
  tenfold_weights_header header = {TENFOLD_WEIGHTS_MAGIC, static_cast<int64_t>(bytes.size()), {}};
  std::memcpy(header.hash, TOY_WEIGHTS_HASH, sizeof header.hash);
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

Values input(float first) {
  Values values;
  for (size_t i = 0; i < count; ++i) values[i] = first + static_cast<float>(i);
  return values;
}

Values expected(float first) {
  Values values = input(first);
  for (size_t i = 0; i < count; ++i) values[i] = 2 * values[i] + static_cast<float>(i) / 4;
  return values;
}

Folder::Folder() {
  std::string pattern = (fs::temp_directory_path() / "tenfold-runtime-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("can't make a temporary folder");
  path_ = pattern;
}

Folder::~Folder() {
  fs::remove_all(path_);
}

void Folder::write(const std::string& name, const std::vector<char>& bytes) const {
  std::ofstream(path_ / name, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::vector<char> Folder::read(const std::string& name) const {
  std::ifstream file(path_ / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void install(const Folder& folder, const std::string& name) {
  const std::string file = "lib" + name + ".so";
  fs::copy_file(fs::path(TOY_DIR) / file, folder.path() / file);
  folder.write(name + ".weights", weights_file());
}

}  // namespace toy
