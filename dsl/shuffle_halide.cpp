#include "dsl/shuffle_halide.h"

namespace tenfold::dsl {

Halide::Func channel_order(const Task& task) {
  const int groups = static_cast<int>(task.attrs.get_int("shuffle", 1));
  if (groups == 1) return {};
  const int per_group = static_cast<int>(task.inputs[0].dims[3]) / groups;
  Halide::Func order("order");
  Halide::Var c("c");
  order(c) = c % groups * per_group + c / groups;
  return order;
}

Halide::Expr source_channel(const Task& task, const Halide::Func& order,
                            const Halide::Expr& channel) {
  if (!order.defined()) return channel;
  const int last = static_cast<int>(task.inputs[0].dims[3]) - 1;
  return Halide::unsafe_promise_clamped(order(channel), 0, last);
}

}  // namespace tenfold::dsl
