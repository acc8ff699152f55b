#include <algorithm>
#include <string>

#include "codegen/scratch_halide.h"

namespace tenfold::codegen {
namespace {

using namespace Halide::Internal;
using Halide::Expr;

// Allocations of constant size up to this go on the stack unless they are placed on the heap:
// Halide's can_allocation_fit_on_stack.
constexpr int64_t stack_limit_bytes = 16 << 10;

class ScratchVisitor : public IRVisitor {
 public:
  int64_t peak_bytes = 0;
  std::string unbounded;  // an allocation whose size has no constant bound

 private:
  using IRVisitor::visit;

  void visit(const Allocate* op) override {
    const int64_t bytes = heap_bytes(op);
    held_bytes_ += bytes;
    peak_bytes = std::max(peak_bytes, held_bytes_);
    IRVisitor::visit(op);
    held_bytes_ -= bytes;
  }

  void visit(const For* op) override {
    if (op->for_type == ForType::GPUBlock || op->for_type == ForType::GPUThread) return;
    const Interval min = bounds(op->min), extent = bounds(op->extent);
    Interval range = min;
    range.max = min.has_upper_bound() && extent.has_upper_bound()
                    ? simplify(min.max + extent.max - 1)
                    : Interval::pos_inf();
    ScopedBinding<Interval> bind(scope_, op->name, range);
    IRVisitor::visit(op);
  }

  void visit(const LetStmt* op) override {
    ScopedBinding<Interval> bind(scope_, op->name, bounds(op->value));
    IRVisitor::visit(op);
  }

  // Simplified, so that what is constant is seen to be where it is asked for.
  Interval bounds(const Expr& value) const {
    Interval interval = bounds_of_expr_in_scope(value, scope_);
    if (interval.has_lower_bound()) interval.min = simplify(interval.min);
    if (interval.has_upper_bound()) interval.max = simplify(interval.max);
    return interval;
  }

  int64_t heap_bytes(const Allocate* op) {
    // Scalars live in registers, and an allocation that is never made on the host is device memory.
    if (op->extents.empty() || op->new_expr.defined() || is_const_zero(op->condition)) return 0;
    if (op->memory_type == Halide::MemoryType::Register) return 0;
    bool constant = true;
    int64_t bytes = op->type.bytes();
    for (const Expr& extent : op->extents) {
      constant = constant && as_const_int(extent);
      const Expr bound = find_constant_bound(extent, Direction::Upper, scope_);
      const auto value = bound.defined() ? as_const_int(bound) : std::nullopt;
      if (!value) {
        unbounded = op->name;
        return 0;
      }
      bytes *= *value;
    }
    bytes += op->padding * op->type.bytes();
    if (op->memory_type != Halide::MemoryType::Heap && constant && bytes <= stack_limit_bytes)
      return 0;
    return (bytes + 63) / 64 * 64 + 64;
  }

  Scope<Interval> scope_;
  int64_t held_bytes_ = 0;
};

}  // namespace

Result<int64_t> scratch_bytes(const Halide::Module& module) {
  ScratchVisitor visitor;
  module.get_conceptual_stmt().accept(&visitor);
  if (!visitor.unbounded.empty())
    return Error{ErrorCode::failed,
                 "the size of its allocation '" + visitor.unbounded + "' has no constant bound"};
  return visitor.peak_bytes;
}

}  // namespace tenfold::codegen
