// import_fuzz_test.cpp for longer, from other seeds.
#include "fuzz_run.h"

namespace tenfold::graph {
namespace {

TEST(ImportFuzzNightly, SpoiledBytes) {
  fuzz_bytes(100, 11);
}
TEST(ImportFuzzNightly, SpoiledFields) {
  fuzz_fields(300, 12);
}

}  // namespace
}  // namespace tenfold::graph
