// The multiply-add peak of one core, measured: what a kernel's share is a share of.
#pragma once

namespace tenfold::bench {

/// Float32 operations of one burst of independent fused multiply-adds on the widest vectors of
/// `lanes` (8 or 16) that this CPU runs. Returns the operations done; the caller times it.
/// Precondition: the CPU has them.
double fma_burst(int lanes, int repetitions);

}  // namespace tenfold::bench
