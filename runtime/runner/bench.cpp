#include "runtime/runner/bench.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "runtime/runner/checking_context.h"
#include "runtime/runner/clock.h"
#include "runtime/runner/compare.h"
#include "runtime/runner/pulse.h"

namespace tenfold::runner {
namespace {

using runner_protocol::Reply;
using runner_protocol::untouched_bits;
using runner_protocol::Verdict;

constexpr double clearly_slower = 1.5;  // than the best so far: not worth more samples
constexpr size_t params_kept = 16;

void describe(Argument& argument, const std::vector<BufferDim>& dims) {
  argument.dims.clear();
  for (const BufferDim& dim : dims)
    argument.dims.push_back({static_cast<int32_t>(dim.min), static_cast<int32_t>(dim.extent),
                             static_cast<int32_t>(dim.stride), 0});
  argument.buffer = {};
  argument.buffer.host = reinterpret_cast<uint8_t*>(argument.memory.data());
  argument.buffer.type = {halide_type_float, 32, 1};
  argument.buffer.dimensions = static_cast<int32_t>(argument.dims.size());
  argument.buffer.dim = argument.dims.data();
}

Result<Argument> read_argument(const runner_protocol::Buffer& buffer) {
  Argument argument;
  TENFOLD_TRY(argument.memory,
              GuardedBuffer::from_file(buffer.file, static_cast<size_t>(buffer.size_bytes)));
  argument.memory.make_read_only();
  describe(argument, buffer.dims);
  return argument;
}

Result<Argument> copy_of(const Argument& original) {
  Argument copy;
  copy.memory = GuardedBuffer(original.memory.size_bytes());
  if (!copy.memory.data()) return Error{ErrorCode::io, "no memory for copies of the constants"};
  std::memcpy(copy.memory.data(), original.memory.data(), original.memory.size_bytes());
  copy.dims = original.dims;
  copy.buffer = original.buffer;
  copy.buffer.host = reinterpret_cast<uint8_t*>(copy.memory.data());
  copy.buffer.dim = copy.dims.data();
  return copy;
}

}  // namespace

Result<std::unique_ptr<Bench>> Bench::create(const runner_protocol::Prepare& request,
                                             QuietWatch& watch) {
  std::unique_ptr<Bench> bench(new Bench(watch));
  tenfold_context_options options = {};
  options.threads = static_cast<uint32_t>(request.threads);
  bench->threads_ = request.threads;
  const auto failure = runtime::Context::create_for_op(options, bench->context_);
  if (!bench->context_) return Error{ErrorCode::failed, "no context: " + failure.text};

  for (const runner_protocol::Buffer& input : request.inputs) {
    TENFOLD_TRY(Argument argument, read_argument(input));
    bench->inputs_.push_back(std::move(argument));
  }
  for (const runner_protocol::Output& wanted : request.outputs) {
    Output output;
    const auto size_bytes = static_cast<size_t>(wanted.expected.size_bytes);
    TENFOLD_TRY(const GuardedBuffer file,
                GuardedBuffer::from_file(wanted.expected.file, size_bytes));
    output.expected.resize(size_bytes / sizeof(uint32_t));
    std::memcpy(output.expected.data(), file.data(), output.expected.size() * sizeof(uint32_t));
    output.shared_input = wanted.shared_input;
    if (output.shared_input >= static_cast<int>(bench->inputs_.size()))
      return Error{ErrorCode::invalid_argument, "an output shares an input that is not there"};
    if (output.shared_input >= 0) {
      bench->sharing_ = true;
      const size_t root_bytes = bench->inputs_[output.shared_input].memory.size_bytes();
      output.argument.memory = GuardedBuffer(std::max(size_bytes, root_bytes));
    } else {
      output.argument.memory = GuardedBuffer(size_bytes);
    }
    if (!output.argument.memory.data()) return Error{ErrorCode::io, "no memory for an output"};
    output.argument.memory.mark_margins();
    describe(output.argument, wanted.expected.dims);
    bench->outputs_.push_back(std::move(output));
  }
  return bench;
}

Result<const Argument*> Bench::param(const runner_protocol::Buffer& buffer) {
  if (const auto known = params_.find(buffer.file); known != params_.end()) return &known->second;
  TENFOLD_TRY(Argument argument, read_argument(buffer));
  return &params_.emplace(buffer.file, std::move(argument)).first->second;
}

Status Bench::bind_params(const runner_protocol::Measure& request) {
  if (params_.size() > params_kept) params_.clear();
  copies_.clear();
  current_params_.clear();
  int64_t bytes = 0;
  for (const runner_protocol::Buffer& buffer : request.params) {
    TENFOLD_TRY(const Argument* argument, param(buffer));
    current_params_.push_back(argument);
    bytes += buffer.size_bytes;
  }
  const int64_t copies = bytes > 0 ? (request.rotate_bytes + bytes - 1) / bytes : 1;
  for (int64_t copy = 1; copy < copies; ++copy) {
    std::vector<Argument>& own = copies_.emplace_back();
    for (const Argument* argument : current_params_) {
      TENFOLD_TRY(Argument twin, copy_of(*argument));
      own.push_back(std::move(twin));
    }
  }
  return {};
}

Bench::Arguments Bench::arguments(size_t copy, bool shared, tenfold_user_context** user_context) {
  Arguments list{user_context};
  for (size_t i = 0; i < inputs_.size(); ++i) {
    Argument& input = inputs_[i];
    input.buffer.host = reinterpret_cast<uint8_t*>(input.memory.data());
    for (const Output& output : outputs_)
      if (shared && output.shared_input == static_cast<int>(i))
        input.buffer.host = output.argument.buffer.host;
    list.push_back(&input.buffer);
  }
  for (size_t i = 0; i < current_params_.size(); ++i) {
    const Argument& param = copy == 0 ? *current_params_[i] : copies_[copy - 1][i];
    list.push_back(const_cast<halide_buffer_t*>(&param.buffer));
  }
  for (Output& output : outputs_) list.push_back(&output.argument.buffer);
  return list;
}

void Bench::reset_outputs(bool shared) {
  for (Output& output : outputs_) {
    auto* elements = reinterpret_cast<uint32_t*>(output.argument.memory.data());
    std::fill_n(elements, output.argument.memory.size_bytes() / sizeof(uint32_t), untouched_bits);
    if (!shared || output.shared_input < 0) continue;
    const GuardedBuffer& input = inputs_[output.shared_input].memory;
    std::memcpy(elements, input.data(), input.size_bytes());
  }
}

bool Bench::output_matches(size_t index, const runner_protocol::Measure& request, bool shared,
                           Reply& reply) const {
  const Output& output = outputs_[index];
  const auto complain = [&](Verdict verdict, const std::string& reason) {
    reply.verdict = verdict;
    reply.output = static_cast<int32_t>(index);
    reply.reason = reason;
    return false;
  };
  if (!output.argument.memory.margins_are_marked())
    return complain(Verdict::wild_write, "output " + std::to_string(index) +
                                             ": written before its begin or past its end");

  // A shared root may be longer than what the output reaches of it; the rest is not to be written
  // either.
  const auto* got = reinterpret_cast<const uint32_t*>(output.argument.memory.data());
  const size_t count = output.argument.memory.size_bytes() / sizeof(uint32_t);
  std::vector<uint32_t> initial;
  if (shared && output.shared_input >= 0) {
    const GuardedBuffer& before = inputs_[output.shared_input].memory;
    initial.assign(count, untouched_bits);
    std::memcpy(initial.data(), before.data(), before.size_bytes());
  }
  const size_t reached = output.expected.size();
  bool match =
      all_match(got, output.expected.data(), initial.empty() ? nullptr : initial.data(), reached,
                static_cast<float>(request.absolute), static_cast<float>(request.relative));
  for (size_t i = reached; i < count; ++i)
    match = match && got[i] == (initial.empty() ? untouched_bits : initial[i]);
  if (match) return true;

  for (size_t i = 0; i < count; ++i) {
    reply.element = static_cast<int64_t>(i);
    reply.got = std::bit_cast<float>(got[i]);
    if (i >= reached || output.expected[i] == untouched_bits) {
      if (got[i] != (initial.empty() ? untouched_bits : initial[i]))
        return complain(Verdict::wild_write, "");
      continue;
    }
    reply.want = std::bit_cast<float>(output.expected[i]);
    if (!(std::abs(reply.got - reply.want) <=
          request.absolute + request.relative * std::abs(reply.want)))
      return complain(Verdict::wrong_value, "");
  }
  return true;  // off by less than a rounding of the quick comparison
}

bool Bench::outputs_match(const runner_protocol::Measure& request, bool shared,
                          Reply& reply) const {
  for (size_t i = 0; i < outputs_.size(); ++i)
    if (!output_matches(i, request, shared, reply)) return false;
  return true;
}

/// Repeats short calls so that a sample is long against the clock, and stops when the time is spent
/// or the candidate is clearly slower than the best. Samples that another program disturbed are
/// taken again, for as long as the watch is patient.
void Bench::take_samples(const runner_protocol::Measure& request, KernelFunction kernel,
                         Reply& reply) {
  tenfold_user_context* user_context = context_->user_context();
  std::vector<Arguments> sets;
  for (size_t copy = 0; copy <= copies_.size(); ++copy)
    sets.push_back(arguments(copy, false, &user_context));
  size_t next = 0;
  int failure = 0;
  const auto call = [&](int64_t repeats) {
    const int64_t begin = now_ns();
    for (int64_t i = 0; i < repeats && failure == 0; ++i) {
      failure = kernel(sets[next].data());
      next = next + 1 == sets.size() ? 0 : next + 1;
    }
    return now_ns() - begin;
  };
  const double limit_ns = request.best_ns > 0 ? clearly_slower * request.best_ns : 0;
  const auto hopeless = [&](int64_t time_ns) {
    return limit_ns > 0 && static_cast<double>(time_ns) > limit_ns;
  };
  Pulse pulse(*context_, threads_);
  int64_t patience_ns = request.patience_ns;
  const auto disturbed = [&] {
    if (watch_->is_quiet(pulse)) return false;
    const int64_t begin = now_ns();
    const bool over = watch_->wait(pulse, patience_ns);
    patience_ns -= now_ns() - begin;
    return over;
  };
  disturbed();  // where it was so, it no longer is
  // The first call finds cold caches, new threads and unmapped pages: only when it is far too slow
  // does it say something.
  const int64_t first_ns = call(1);
  if (failure == 0 && hopeless(first_ns / 3)) {
    reply.samples_ns.push_back(first_ns);
    return;
  }
  // Short calls are repeated: the clock takes about 30 ns itself.
  const int64_t sample_at_least_ns = request.budget_ns / request.max_samples;
  int64_t repeats = 1, spent = 0;
  for (int64_t time_ns = first_ns; time_ns < sample_at_least_ns && failure == 0;) {
    const int64_t wanted = repeats * sample_at_least_ns / std::max<int64_t>(time_ns, 1) + 1;
    repeats = std::clamp(wanted, repeats + 1, repeats * 16);
    time_ns = call(repeats);
    if (hopeless(time_ns / repeats)) break;
  }
  while (failure == 0 && static_cast<int>(reply.samples_ns.size()) < request.max_samples) {
    const int64_t time_ns = call(repeats);
    if (disturbed()) continue;
    spent += time_ns;
    reply.samples_ns.push_back(std::max<int64_t>(1, (time_ns + repeats / 2) / repeats));
    if (hopeless(*std::min_element(reply.samples_ns.begin(), reply.samples_ns.end()))) break;
    if (static_cast<int>(reply.samples_ns.size()) >= request.min_samples &&
        spent >= request.budget_ns)
      break;
  }
  if (failure == 0) return;
  reply.verdict = Verdict::failed;
  reply.reason = "the kernel returned " + std::to_string(failure) + " when it was called again";
}

bool Bench::check(const runner_protocol::Measure& request, KernelFunction kernel, bool shared,
                  Reply& reply) {
  reset_outputs(shared);
  CheckingContext checking(context_->user_context());
  tenfold_user_context* user_context = checking.user_context();
  if (const int failure = kernel(arguments(0, shared, &user_context).data())) {
    reply.verdict = Verdict::failed;
    reply.reason = "the kernel returned " + std::to_string(failure);
    if (const std::string message = checking.message(); !message.empty())
      reply.reason += ": " + message;
    return false;
  }
  if (const auto misuse = checking.misuse()) {
    reply.verdict = Verdict::wild_write;
    reply.reason = *misuse;
    return false;
  }
  return outputs_match(request, shared, reply);
}

Reply Bench::measure(const runner_protocol::Measure& request, KernelFunction kernel) {
  Reply reply;
  if (const Status bound = bind_params(request); !bound) {
    reply.verdict = Verdict::failed;
    reply.reason = bound.error().message;
    return reply;
  }
  if (sharing_ && check(request, kernel, false, reply) && !check(request, kernel, true, reply))
    reply.reason += reply.reason.empty() ? "with output and input in one buffer"
                                         : ", with output and input in one buffer";
  if (reply.verdict != Verdict::ok || !check(request, kernel, false, reply)) return reply;

  struct Work {
    Bench* bench;
    const runner_protocol::Measure* request;
    KernelFunction kernel;
    Reply* reply;
  } work{this, &request, kernel, &reply};
  // As in a network's run, the helpers stay near between two parallel loops.
  context_->region(
      [](void* argument) {
        const auto* w = static_cast<const Work*>(argument);
        w->bench->take_samples(*w->request, w->kernel, *w->reply);
      },
      &work);
  if (reply.verdict == Verdict::ok && !outputs_match(request, false, reply))
    reply.reason = "after repeated calls";
  return reply;
}

}  // namespace tenfold::runner
