// The loops that spaces without a register tile of their own share: vectors along one dimension of
// the output, a few of them at a time, the remaining dimensions as rows that threads take in runs.
//
//   lanes    elements of a vector
//   vectors  vectors of a tile along that dimension
//   tile     elements of a tile along the next dimension (pixels)
//   rows     rows that a thread takes at once; 0: one thread does all
//
// Where tiles do not divide the dimension, an operator without accumulators masks its last vectors;
// one with accumulators computes a last tile that overlaps the one before (Tail::shift), so that
// they stay in registers.
#pragma once
#include <vector>

#include "base/target.h"
#include "schedules/space.h"

namespace tenfold::schedules {

/// Dimensions of the output by their place counted from the innermost: along which vectors run, and
/// the others from near to far. Only those whose extent exceeds 1, unless there is none.
struct LoopOrder {
  std::vector<int> dims;
  std::vector<int64_t> extents;
  int64_t extent(size_t i) const { return i < extents.size() ? extents[i] : 1; }
  int64_t rows() const;  // product of the third and further extents
};
LoopOrder loop_order(const View& out);

/// Powers of two up to the target's lanes and the extent rounded up.
Axis lanes_axis(int64_t extent, const Target& target, const char* name = "lanes");
/// The widest that divides the extent; where none of at least half the target's does, the target's
/// own.
int64_t good_lanes(int64_t extent, const Target& target);

/// Divisors of the extent up to `most`.
Axis divisor_axis(const char* name, int64_t extent, int64_t most);
/// The largest value of an axis that is at most `want`.
int64_t at_most(const Axis& axis, int64_t want);

/// 0 and powers of two up to half of `rows`.
Axis rows_axis(int64_t rows);
/// `work` in elements touched by all rows: enough for each of a few threads to be worth waking,
/// else 0.
int64_t good_rows(int64_t rows, double work);

enum class Tail { mask, shift };

/// lanes, vectors, tile, rows.
std::vector<Axis> loop_axes(const LoopOrder& order, const Target& target);
/// Tail::shift: the first tile lies inside, and a task that may run in place has no last one that
/// overlaps.
Status legal_loops(const Task& task, const LoopOrder& order, const Config& config, Tail tail);
/// Values of loop_axes for `work` elements touched and tiles of about `tile` vectors.
std::map<std::string, int64_t> good_loops(const Task& task, const LoopOrder& order,
                                          const Target& target, Tail tail, double work,
                                          int64_t tile);

/// One packing a constant, each as the model has it.
std::vector<Packing> plain_packings(const Task& task);

/// A packing's axes without those of extent 1 that another axis of the same dimension and step
/// stands for: a block of one.
std::vector<PackAxis> distinct_axes(std::vector<PackAxis> axes);

/// Cycles of a step of a register tile of `vectors` of `lanes` by `broadcasts`: two products a
/// cycle, a little more than four until a sum can be added to again, and `load_cycles` a load.
double tile_cycles(const Target& target, int64_t lanes, int64_t vectors, int64_t broadcasts,
                   double load_cycles = 0.5);
/// The share of a dimension's last tile that is used.
double tile_use(int64_t extent, int64_t tile);

/// An image's input and output together, of four dims.
int64_t map_bytes(const Task& task);

/// Whether these fit L2 together, with some room.
bool maps_fit_l2(const Task& task, const Target& target);

/// Whether they do not, and L3 is far from the core, as where many share it, which is told by the
/// size of L2: each line should then come once, in long pieces.
bool from_far_l3(const Task& task, const Target& target);

/// How much of half a page, 2 KiB, a map's pixels lie apart, at most 1: of less, several share a
/// page.
double half_page_share(const View& map);

/// Cycles that such maps of all images cost beyond what whole pixels do where they come in pieces
/// of `channels` of each pixel, which no prefetcher follows, because every block of channels passes
/// over the whole image; 0 where L2 holds them or L3 is near. On a core of a Granite Rapids,
/// 2026-11: 7 a line; 36 more where each piece lies on a page of its own, of more than a core knows
/// at once.
double far_piece_cycles(const Task& task, const Target& target, int64_t channels);

/// Elements that a task's views hold together.
double elements_touched(const Task& task);

}  // namespace tenfold::schedules
