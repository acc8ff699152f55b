// import_fuzz_test.cpp for longer, from other seeds.
#include "fuzz_run.h"

namespace tenfold::graph {
namespace {

TEST(ImportFuzzNightly, SpoiledBytes) {
  fuzz_bytes(40, 11);
}
TEST(ImportFuzzNightly, SpoiledFields) {
  fuzz_fields(100, 12);
}

}  // namespace
}  // namespace tenfold::graph
