// Opening: folders and files, linked networks, and everything that may be wrong with them.
#include <gtest/gtest.h>

#include "base/hash.h"
#include "toy.h"

namespace {

using toy::Folder;
using toy::Opened;

struct Refusal {
  tenfold_status status;
  std::string text;
};

Refusal open_fails(const std::string& path, tenfold_open_options options = {}) {
  tenfold_network* network = nullptr;
  const tenfold_status status = tenfold_open(path.c_str(), &options, &network);
  EXPECT_EQ(network, nullptr);
  tenfold_close(network);
  return {status, tenfold_last_error()};
}

TEST(Open, TakesFolderAndFile) {
  const Folder folder;
  toy::install(folder);
  for (const std::string& path : {folder.path().string(), folder / "libtoy.so"}) {
    Opened opened;
    ASSERT_EQ(tenfold_open(path.c_str(), nullptr, &opened.network), TENFOLD_OK)
        << tenfold_last_error();
    EXPECT_STREQ(tenfold_network_name(opened.network), "toy");
    EXPECT_STREQ(tenfold_network_target(opened.network), "x86_64-avx2");
    ASSERT_EQ(tenfold_input_count(opened.network), 1u);
    ASSERT_EQ(tenfold_output_count(opened.network), 1u);
    EXPECT_STREQ(tenfold_input(opened.network, 0)->name, "x");
    EXPECT_EQ(tenfold_output(opened.network, 0)->size_bytes, 4096);
    EXPECT_EQ(tenfold_input(opened.network, 1), nullptr);
  }
}

TEST(Open, HashesTheWeightsWhenAsked) {
  const std::vector<char> bytes = toy::weights_file();
  constexpr size_t header = sizeof(tenfold_weights_header);
  ASSERT_EQ(tenfold::content_hash({bytes.data() + header, bytes.size() - header}),
            TOY_WEIGHTS_HASH);

  const Folder folder;
  toy::install(folder);
  Opened opened;
  const tenfold_open_options options = {.hash_weights = 1};
  ASSERT_EQ(tenfold_open(folder.path().c_str(), &options, &opened.network), TENFOLD_OK)
      << tenfold_last_error();

  std::vector<char> damaged = bytes;
  damaged.back() ^= 1;
  folder.write("toy.weights", damaged);
  const Refusal refusal = open_fails(folder.path(), options);
  EXPECT_EQ(refusal.status, TENFOLD_CORRUPT);
  EXPECT_NE(refusal.text.find("damaged"), std::string::npos) << refusal.text;
}

TEST(Open, LinkedNeedsItsWeights) {
  const Folder folder;
  toy::install(folder);
  folder.write("linked_toy.weights", toy::weights_file());
  for (const std::string& path : {folder.path().string(), folder / "toy.weights"}) {
    Opened opened;
    EXPECT_EQ(tenfold_open_linked(linked_toy_query, path.c_str(), nullptr, &opened.network),
              TENFOLD_OK)
        << tenfold_last_error();
  }
  tenfold_network* network = nullptr;
  EXPECT_EQ(tenfold_open_linked(linked_toy_query, nullptr, nullptr, &network),
            TENFOLD_INVALID_ARGUMENT);
  EXPECT_EQ(tenfold_open_linked(linked_toy_query, "/nowhere", nullptr, &network),
            TENFOLD_NOT_FOUND);
  EXPECT_EQ(tenfold_open_linked(nullptr, "/nowhere", nullptr, &network), TENFOLD_INVALID_ARGUMENT);
}

TEST(Open, MissingPathsAreNotFound) {
  const Folder folder;
  EXPECT_EQ(open_fails("/nowhere/at/all").status, TENFOLD_NOT_FOUND);
  EXPECT_EQ(open_fails(folder / "libx.so").status, TENFOLD_NOT_FOUND);
  EXPECT_EQ(open_fails(folder.path()).status, TENFOLD_NOT_FOUND);  // empty
  toy::install(folder);
  std::filesystem::remove(folder / "toy.weights");
  const Refusal refusal = open_fails(folder.path());
  EXPECT_EQ(refusal.status, TENFOLD_NOT_FOUND);
  EXPECT_NE(refusal.text.find("toy.weights"), std::string::npos) << refusal.text;
}

TEST(Open, SeveralLibrariesAreAmbiguous) {
  const Folder folder;
  toy::install(folder);
  folder.write("libother.so", {});
  EXPECT_EQ(open_fails(folder.path()).status, TENFOLD_INVALID_ARGUMENT);
}

TEST(Open, DamagedLibrariesAreRefused) {
  const Folder folder;
  toy::install(folder);
  const std::vector<char> whole = folder.read("libtoy.so");
  for (size_t keep :
       {size_t{0}, size_t{10}, size_t{64}, size_t{1000}, whole.size() / 4, whole.size() / 2}) {
    folder.write("libtoy.so", {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(keep)});
    const Refusal refusal = open_fails(folder.path());
    EXPECT_EQ(refusal.status, TENFOLD_CORRUPT) << keep << " bytes: " << refusal.text;
    EXPECT_NE(refusal.text.find("libtoy.so"), std::string::npos) << refusal.text;
  }
  std::vector<char> random(100000);
  unsigned state = 1;
  for (char& byte : random) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  folder.write("libtoy.so", random);
  EXPECT_EQ(open_fails(folder.path()).status, TENFOLD_CORRUPT);
}

TEST(Open, DamagedWeightsAreRefused) {
  const Folder folder;
  toy::install(folder);
  const std::vector<char> whole = toy::weights_file();
  for (size_t keep : {size_t{0}, size_t{20}, size_t{4096}, whole.size() - 1}) {
    folder.write("toy.weights", {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(keep)});
    EXPECT_EQ(open_fails(folder.path()).status, TENFOLD_CORRUPT) << keep;
  }
  for (size_t at : {size_t{0}, size_t{8}, size_t{20}}) {  // magic, size, hash
    std::vector<char> foreign = whole;
    foreign[at] ^= 1;
    folder.write("toy.weights", foreign);
    EXPECT_EQ(open_fails(folder.path()).status, TENFOLD_CORRUPT) << at;
  }
}

TEST(Open, OtherVersionsAndTargetsAreRefused) {
  const Folder folder;
  toy::install(folder, "old_toy");
  toy::install(folder, "far_toy");
  toy::install(folder, "nameless_toy");
  EXPECT_EQ(open_fails(folder / "libold_toy.so").status, TENFOLD_VERSION);
  EXPECT_EQ(open_fails(folder / "libnameless_toy.so").status, TENFOLD_CORRUPT);
  const Refusal far = open_fails(folder / "libfar_toy.so");
  EXPECT_EQ(far.status, TENFOLD_UNAVAILABLE);
  EXPECT_NE(far.text.find("pdp11"), std::string::npos) << far.text;
}

TEST(Open, UnknownTargetNamesTheKnownOnes) {
  const Folder folder;
  toy::install(folder);
  const Refusal refusal = open_fails(folder.path(), {.target = "x86_64-avx1024"});
  EXPECT_EQ(refusal.status, TENFOLD_UNAVAILABLE);
  EXPECT_NE(refusal.text.find("x86_64-avx2"), std::string::npos) << refusal.text;
}

TEST(Open, NullsAreRefused) {
  tenfold_network* network = nullptr;
  EXPECT_EQ(tenfold_open(nullptr, nullptr, &network), TENFOLD_INVALID_ARGUMENT);
  EXPECT_EQ(tenfold_open("/tmp", nullptr, nullptr), TENFOLD_INVALID_ARGUMENT);
  EXPECT_EQ(tenfold_input_count(nullptr), 0u);
  tenfold_close(nullptr);
  tenfold_context_free(nullptr);
}

TEST(Open, LogsThroughTheCallback) {
  const Folder folder;
  toy::install(folder);
  std::string log;
  tenfold_open_options options = {};
  options.log = [](void* user, tenfold_log_level, const char* message) {
    *static_cast<std::string*>(user) += std::string(message) + "\n";
  };
  options.log_user = &log;
  Opened opened;
  ASSERT_EQ(tenfold_open(folder.path().c_str(), &options, &opened.network), TENFOLD_OK);
  EXPECT_NE(log.find("vax is passed over"), std::string::npos) << log;
  EXPECT_NE(log.find("opened toy for x86_64-avx2"), std::string::npos) << log;
}

}  // namespace
