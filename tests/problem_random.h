// What the families of generated problems share: draws, views in memory and chains.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <random>
#include <vector>

#include "base/task.h"

namespace tenfold::testing_support {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint64_t seed() { return engine_() >> 16; }
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
  }
  bool chance(int percent) { return between(0, 99) < percent; }
  template <class T>
  T pick(std::initializer_list<T> values) {
    return values.begin()[between(0, static_cast<int64_t>(values.size()) - 1)];
  }
  /// A batch of 1 to 3, mostly 1.
  int64_t batch() { return pick({1, 1, 1, 2, 3}); }
  /// Divisors of lanes, one more, one less, primes.
  int64_t channels() {
    return pick(
        {1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 16, 17, 19, 23, 24, 31, 32, 33, 37, 40, 48, 53, 64});
  }
  int64_t pixels() { return pick({1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17, 19}); }

 private:
  std::mt19937_64 engine_;
};

/// A view of these dims: dense, a slice of something wider, or channel planes (rank 4).
View random_view(const Dims& dims, Random& random);

/// Widens an input's root by a zero halo: as wide as `reach`, or anything up to it.
void add_halo(View& view, const Halo& reach, Random& random);

enum class Values {
  integers,  // stages that keep small integers exact
  unit,      // functions that amplify an error by little
};

/// Up to `most` stages behind the anchor, with operands as further inputs.
void add_epilogue(Task& task, Values values, int most, Random& random);
/// Up to `most` stages on the anchor's input: activations, scale and shift, a gate.
void add_prologue(Task& task, Values values, int most, Random& random);

/// The attributes of a window, as drawn by a family.
struct RandomWindow {
  int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  /// Each pad from 0 to less than what the kernel reaches, or a symmetric one that keeps the size.
  void draw_pads(Random& random);
  void set(Attrs& attrs) const;
  int64_t out_h(int64_t in) const;
  int64_t out_w(int64_t in) const;
};

}  // namespace tenfold::testing_support
