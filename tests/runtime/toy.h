// The hand-written library of toy_library.c: where it is, its weights file, and what it computes.
#pragma once
#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "tenfold/tenfold.h"

extern "C" const tenfold_library* linked_toy_query(uint32_t abi_version);
extern "C" const tenfold_library* other_toy_query(uint32_t abi_version);

namespace toy {

constexpr size_t count = 1024;
using Values = std::array<float, count>;

/// The weights file's bytes.
std::vector<char> weights_file();

Values input(float first);
/// What a run gives for input(first).
Values expected(float first);

/// An empty folder that goes with the object.
class Folder {
 public:
  Folder();
  ~Folder();
  std::filesystem::path path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  void write(const std::string& name, const std::vector<char>& bytes) const;
  std::vector<char> read(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

/// A folder with lib<name>.so and <name>.weights in it. Names: toy; old_toy, made for another
/// version of the ABI; far_toy, for a target that this runtime does not know; nameless_toy, whose
/// library has another symbol.
void install(const Folder& folder, const std::string& name = "toy");

/// An open network with its context, freed in order.
struct Opened {
  tenfold_network* network = nullptr;
  tenfold_context* context = nullptr;
  ~Opened() {
    tenfold_context_free(context);
    tenfold_close(network);
  }
};

}  // namespace toy
