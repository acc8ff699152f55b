#include "codegen/warm.h"

#include "codegen/compile_halide.h"

namespace tenfold::codegen {

void warm_up() {
  const auto target = parse_target("x86_64-avx2");
  (void)catch_halide([&] {
    Halide::Var x("x"), y("y");
    Halide::Func sum("sum"), out("out");
    Halide::ImageParam in(Halide::Float(32), 2, "in");
    Halide::RDom r(0, 3);
    sum(x, y) += in(x + r, y);
    out(x, y) = Halide::max(sum(x, y), 0.f);
    sum.compute_at(out, y).vectorize(x, 8).update().vectorize(x, 8);
    out.vectorize(x, 8).parallel(y);
    return compile_pipeline({Halide::Pipeline(out), {in}}, "tk_warm", *target, false, "");
  });
}

}  // namespace tenfold::codegen
