// Running a context: a loop of kernel(arguments), and what happens when one fails.
#include <algorithm>
#include <chrono>
#include <cstring>

#include "runtime/context.h"

namespace tenfold::runtime {
namespace {

void zero(std::byte* base, const tenfold_fill& fill) {
  for (int64_t row = 0; row < fill.rows; ++row)
    std::memset(base + fill.offset_bytes + row * fill.stride_bytes, 0,
                static_cast<size_t>(fill.row_bytes));
}

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Failure Context::run(tenfold_step_fn after, void* user) {
  if (!network_)
    return fail(TENFOLD_INVALID_ARGUMENT,
                "the context has no network: it was made for single operators");
  for (const std::vector<Port>* ports : {&inputs_, &outputs_})
    for (const Port& port : *ports)
      if (!port.is_bound())
        return fail(TENFOLD_INVALID_ARGUMENT,
                    std::string(ports == &inputs_ ? "input '" : "output '") + port.table->name +
                        "' is not bound");
  reported_ = false;
  struct Call {
    Context* context;
    tenfold_step_fn after;
    void* user;
    Failure failure;
  } call{this, after, user, {}};
  team_->region(
      [](void* argument) {
        Call& c = *static_cast<Call*>(argument);
        c.failure = c.context->run_steps(c.after, c.user);
      },
      &call);
  level_scratch();
  return std::move(call.failure);
}

Failure Context::run_steps(tenfold_step_fn after, void* user) {
  if (queue_)
    for (const Port& port : inputs_)
      if (port.host)
        TENFOLD_RETURN_FAILURE(queue_->upload(port.own_handle, port.host,
                                              static_cast<size_t>(port.table->size_bytes)));

  for (size_t i = 0; i < steps_.size(); ++i) {
    const tenfold_step& step = *steps_[i].table;
    const int64_t start = after ? now_ns() : 0;
    TENFOLD_RETURN_FAILURE(before_step(step));
    const int code = step.kernel(steps_[i].arguments);
    if (code != 0 || reported_) return failure_of(step, code);
    if (!after) continue;
    if (queue_) TENFOLD_RETURN_FAILURE(queue_->synchronize());
    after(user, static_cast<uint32_t>(i), &step, now_ns() - start);
  }

  if (!queue_) return success();
  for (const Port& port : outputs_)
    if (port.host)
      TENFOLD_RETURN_FAILURE(queue_->download(port.own_handle, port.host,
                                              static_cast<size_t>(port.table->size_bytes)));
  return queue_->synchronize();
}

Failure Context::before_step(const tenfold_step& step) {
  for (uint32_t f = 0; f < step.fill_count; ++f) {
    if (queue_)
      TENFOLD_RETURN_FAILURE(queue_->zero(device_arena_, step.fills[f]));
    else
      zero(arena_.data(), step.fills[f]);
  }
  return success();
}

Failure Context::failure_of(const tenfold_step& step, int code) {
  const std::lock_guard lock(report_mutex_);
  const std::string why = reported_ ? report_ : "its kernel returned " + std::to_string(code);
  return fail(code == halide_error_code_out_of_memory ? TENFOLD_OUT_OF_MEMORY : TENFOLD_FAILED,
              std::string("step '") + step.name + "': " + why);
}

void Context::report(const char* message) {
  const std::lock_guard lock(report_mutex_);
  if (!network_) error = message ? message : "unknown error";  // no run to keep the first of
  if (reported_) return;
  report_ = message ? message : "unknown error";
  while (!report_.empty() && report_.back() == '\n') report_.pop_back();
  reported_ = true;
}

int Context::report(const Failure& failure) {
  if (!failure) return 0;
  report(failure.text.c_str());
  return failure.status == TENFOLD_OUT_OF_MEMORY ? halide_error_code_out_of_memory
                                                 : halide_error_code_gpu_device_error;
}

void Context::level_scratch() {
  // Which thread runs what may differ from run to run: each gets as much as any has needed.
  size_t most = 0;
  for (int rank = 0; rank < team_->threads(); ++rank)
    most = std::max(most, team_->member(rank).scratch.peak_bytes());
  for (int rank = 0; rank < team_->threads(); ++rank)
    static_cast<void>(team_->member(rank).scratch.reserve(most, allocations_));
}

}  // namespace tenfold::runtime
