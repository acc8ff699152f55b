// Whatever is in a file, importing it ends in a network or in one line.
#include "fuzz_run.h"

namespace tenfold::graph {
namespace {

TEST(ImportFuzz, SpoiledBytes) {
  fuzz_bytes(4, 1);
}
TEST(ImportFuzz, SpoiledFields) {
  fuzz_fields(12, 2);
}

}  // namespace
}  // namespace tenfold::graph
