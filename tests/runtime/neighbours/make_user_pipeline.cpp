// Compiles a pipeline as a user of Halide would, with Halide's own runtime in it: out(x, y) = in(x,
// y) * 2 + x + y, rows in parallel, through a buffer on the heap. Leaves user_pipeline.a and
// user_pipeline.h in the folder that is named.
#include <Halide.h>

#include <string>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Halide::ImageParam in(Halide::Float(32), 2, "in");
  Halide::Func doubled("doubled"), out("user_pipeline");
  Halide::Var x("x"), y("y");
  doubled(x, y) = in(x, y) * 2;
  out(x, y) = doubled(x, y) + Halide::cast<float>(x + y);
  out.parallel(y).vectorize(x, 8);
  doubled.compute_at(out, y).store_in(Halide::MemoryType::Heap);
  const Halide::Target target("x86-64-linux-avx2-fma");
  out.compile_to_static_library(std::string(argv[1]) + "/user_pipeline", {in}, "user_pipeline",
                                target);
  return 0;
}
