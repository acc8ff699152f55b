#include "autotune/runner_client.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/hash.h"

namespace tenfold::autotune {
namespace {

namespace fs = std::filesystem;
using runner_protocol::Reply;
using runner_protocol::Verdict;

constexpr double prepare_timeout_s = 60;
constexpr int thorough_factor = 6;  // as long as a first measurement
constexpr int32_t thorough_most_samples = 33;
// Of one measurement with a program that disturbs it: what decides is worth more of it.
constexpr int64_t patience_ns = 200'000'000, thorough_patience_ns = 4'000'000'000;

Measurement failure(TrialStatus status, std::string reason) {
  return {.status = status, .reason = std::move(reason), .samples_ns = {}, .code = {}};
}

/// Nothing that the candidate could be blamed for.
Measurement no_measurement(const Error& error) {
  return {.status = TrialStatus::run_failed,
          .reason = error.message,
          .about_candidate = false,
          .samples_ns = {},
          .code = {}};
}

/// A process that dies before it is ready, or before it knows its task, may have been killed from
/// outside: others are started before that counts.
constexpr int attempts = 3;

template <class Attempt>
auto again(Attempt attempt) {
  for (int i = 1;; ++i) {
    auto result = attempt();
    if (result || result.error().code != ErrorCode::failed || i == attempts) return result;
  }
}

}  // namespace

Result<std::unique_ptr<RunnerClient>> RunnerClient::start(const RunnerOptions& options) {
  RunnerOptions complete = options;
  if (complete.runner_path.empty()) {
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    complete.runner_path = (self.parent_path() / "tenfold-runner").string();
  }
  TENFOLD_TRY(auto process, again([&] { return RunnerProcess::spawn(complete.runner_path); }));
  TENFOLD_TRY(auto folder, WorkFolder::make(options.work_folder));
  std::unique_ptr<RunnerClient> client(new RunnerClient(std::move(complete)));
  client->folder_ = std::move(folder);
  client->process_ = std::move(process);
  return client;
}

Result<std::string> RunnerClient::write_file(const std::string& name, const Array& array) {
  const std::string path = folder_->file(name);
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Error{ErrorCode::io, path + ": can't be written: " + std::strerror(errno)};
  int64_t written = 0;
  while (written < array.size_bytes()) {
    const ssize_t n = write(fd, array.bytes() + written, array.size_bytes() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    written += n;
  }
  const int reason = errno;
  close(fd);
  if (written < array.size_bytes())
    return Error{ErrorCode::io, path + ": can't be written: " + std::strerror(reason)};
  return path;
}

Result<RunnerClient::Prepared> RunnerClient::prepare_files(const std::string& key) {
  TENFOLD_TRY(TaskData data,
              options_.data ? options_.data(task_) : make_task_data(task_, options_.seed));
  const std::string stem = content_hash(key);
  const auto buffer = [&](const std::string& name, const Array& image,
                          const View& view) -> Result<runner_protocol::Buffer> {
    TENFOLD_TRY(std::vector<BufferDim> dims, buffer_dims(view));
    TENFOLD_TRY(std::string path, write_file(stem + name, image));
    return runner_protocol::Buffer{std::move(path), image.size_bytes(), std::move(dims)};
  };
  Prepared prepared;
  for (size_t i = 0; i < data.inputs.size(); ++i) {
    TENFOLD_TRY(auto input, buffer(".in" + std::to_string(i), data.inputs[i], task_.inputs[i]));
    prepared.request.inputs.push_back(std::move(input));
  }
  for (size_t i = 0; i < data.expected.size(); ++i) {
    TENFOLD_TRY(auto output,
                buffer(".out" + std::to_string(i), data.expected[i], task_.outputs[i]));
    prepared.request.outputs.push_back(
        {std::move(output), shared_input(task_, static_cast<int>(i))});
  }
  prepared.params = std::move(data.params);
  return prepared;
}

Status RunnerClient::prepare(const Task& task, const Target& target, int threads) {
  const std::string key = to_text(task);
  if (current_ && task == task_ && target.name == target_.name && threads == threads_) return {};
  for (const auto& [of, buffer] : packed_) unlink(buffer.file.c_str());
  packed_.clear();
  current_ = nullptr;
  handed_over_ = false;
  task_ = task;
  target_ = target;
  threads_ = threads;
  auto found = prepared_.find(key);
  if (found == prepared_.end()) {
    TENFOLD_TRY(Prepared prepared, prepare_files(key));
    found = prepared_.emplace(key, std::move(prepared)).first;
  }
  found->second.request.threads = threads;
  current_ = &found->second;
  return hand_over();
}

/// Makes the running process, a new one if need be, know the current task.
Status RunnerClient::hand_over() {
  if (process_ && handed_over_) return {};
  return again([&] { return try_hand_over(); });
}

Status RunnerClient::try_hand_over() {
  if (!process_) {
    TENFOLD_TRY(process_, RunnerProcess::spawn(options_.runner_path));
  }
  const std::string body = runner_protocol::encode(runner_protocol::Request(current_->request));
  auto answer = process_->send(body) ? process_->receive(prepare_timeout_s, options_.cancel)
                                     : Result<std::string>(Error{ErrorCode::io, "gone"});
  if (!answer) {
    const bool cancelled = answer.error().code == ErrorCode::cancelled;
    const std::string how = process_->end();
    process_.reset();
    if (cancelled) return answer.error();
    const bool late = answer.error().code == ErrorCode::unavailable;
    return Error{late ? ErrorCode::unavailable : ErrorCode::failed,
                 "the runner did not take " + task_.op + "'s data (" + how + ")"};
  }
  TENFOLD_TRY(const Reply reply, runner_protocol::decode_reply(*answer));
  if (reply.verdict != Verdict::ok)
    return Error{ErrorCode::unavailable, "the runner: " + reply.reason};
  handed_over_ = true;
  return {};
}

Result<std::vector<runner_protocol::Buffer>> RunnerClient::packed_params(const Config& config) {
  TENFOLD_TRY(const schedules::Space* space, schedules::find_space(config.algorithm));
  const std::vector<Packing> packings = space->packing(task_, target_, config);
  assert(packings.size() == current_->params.size());
  std::vector<runner_protocol::Buffer> buffers;
  for (size_t i = 0; i < packings.size(); ++i) {
    auto known = packed_.find({i, packings[i]});
    if (known == packed_.end()) {
      TENFOLD_TRY(const Array packed, pack(packings[i], current_->params[i].as<float>()));
      TENFOLD_TRY(std::string path, write_file("param" + std::to_string(files_++), packed));
      runner_protocol::Buffer buffer{std::move(path), packed.size_bytes(),
                                     buffer_dims(packed.dims())};
      known = packed_.emplace(std::pair(i, packings[i]), std::move(buffer)).first;
    }
    buffers.push_back(known->second);
  }
  return buffers;
}

Measurement RunnerClient::measure(const Candidate& candidate, const MeasureOptions& options) {
  assert(current_);
  if (const Status ready = hand_over(); !ready) return no_measurement(ready.error());
  auto params = packed_params(candidate.config);
  if (!params) return no_measurement(params.error());

  const schedules::Tolerance tolerance = schedules::tolerance(task_, candidate.config);
  runner_protocol::Measure request{.object = candidate.object_path,
                                   .symbol = candidate.symbol,
                                   .params = *std::move(params),
                                   .absolute = tolerance.absolute,
                                   .relative = tolerance.relative,
                                   .best_ns = options.best_ns,
                                   .budget_ns = options_.budget_ns,
                                   .patience_ns = patience_ns,
                                   .rotate_bytes = options_.rotate_bytes,
                                   .allow_libm = options_.allow_libm};
  if (options.thorough) {
    request.best_ns = 0;
    request.budget_ns *= thorough_factor;
    request.min_samples = static_cast<int32_t>(thorough_samples);
    request.max_samples = thorough_most_samples;
    request.patience_ns = thorough_patience_ns;
  }
  const double waits_s = static_cast<double>(request.patience_ns) * 1e-9;
  const Result<std::string> answer = exchange(std::move(request), waits_s);
  if (!answer) {
    const Error& error = answer.error();
    if (error.code == ErrorCode::cancelled) return no_measurement(error);
    const bool late = error.code == ErrorCode::unavailable;
    return failure(late ? TrialStatus::timeout : TrialStatus::run_failed, error.message);
  }
  const Result<Reply> reply = runner_protocol::decode_reply(*answer);
  if (!reply) return failure(TrialStatus::run_failed, reply.error().message);
  if (reply->verdict == Verdict::wild_write) process_.reset(), handed_over_ = false;
  return interpret(*reply);
}

Result<std::string> RunnerClient::exchange(const runner_protocol::Request& request,
                                           double waits_s) {
  auto answer = process_->send(runner_protocol::encode(request))
                    ? process_->receive(options_.timeout_s + waits_s, options_.cancel)
                    : Result<std::string>(Error{ErrorCode::io, "gone"});
  if (answer) return answer;
  const std::string how = process_->end();
  process_.reset();
  handed_over_ = false;
  if (answer.error().code == ErrorCode::cancelled) return answer;
  if (answer.error().code == ErrorCode::unavailable)
    return Error{ErrorCode::unavailable,
                 "took longer than " + number_text(options_.timeout_s) + " s"};
  return Error{ErrorCode::failed, "crashed: " + how};
}

Result<runner_protocol::Figures> RunnerClient::figures(const Candidate& candidate,
                                                       const FigureOptions& options) {
  assert(current_);
  TENFOLD_CHECK(hand_over());
  TENFOLD_TRY(auto params, packed_params(candidate.config));
  runner_protocol::Benchmark request{.kernel = {.object = candidate.object_path,
                                                .symbol = candidate.symbol,
                                                .params = std::move(params)},
                                     .samples = options.samples,
                                     .sample_ns = options.sample_ns,
                                     .lanes = options.lanes,
                                     .read_bytes = options.read_bytes,
                                     .constant_bytes = options.constant_bytes,
                                     .write_bytes = options.write_bytes};
  TENFOLD_TRY(const std::string answer, exchange(std::move(request)));
  TENFOLD_TRY(auto figures, runner_protocol::decode_figures(answer));
  if (figures.verdict != Verdict::ok) return Error{ErrorCode::failed, figures.reason};
  return figures;
}

Measurement RunnerClient::interpret(const Reply& reply) const {
  Measurement measurement;
  measurement.code = {reply.code_bytes, reply.spill_stores, reply.spill_reloads,
                      reply.external_calls};
  const auto where = [&] {
    const View& view = task_.outputs[std::clamp<size_t>(reply.output, 0, task_.outputs.size() - 1)];
    const std::string at = coordinates_text(view, reply.element);
    return "output " + std::to_string(reply.output) +
           (at == "outside" ? " element " + std::to_string(reply.element) : at);
  };
  switch (reply.verdict) {
    case Verdict::ok:
      measurement.samples_ns = reply.samples_ns;
      if (reply.samples_ns.empty())
        measurement.status = TrialStatus::run_failed, measurement.reason = "no samples";
      break;
    case Verdict::illegal:
      measurement.status = TrialStatus::build_failed;
      measurement.reason = reply.reason;
      break;
    case Verdict::failed:
      measurement.status = TrialStatus::run_failed;
      measurement.reason = reply.reason;
      break;
    case Verdict::wrong_value:
      measurement.status = TrialStatus::wrong_result;
      measurement.reason = where() + ": got " +
                           (std::isnan(reply.got) ? "nan" : number_text(reply.got)) + ", want " +
                           number_text(reply.want);
      if (!reply.reason.empty()) measurement.reason += " (" + reply.reason + ")";
      break;
    case Verdict::wild_write:
      measurement.status = TrialStatus::wrong_result;
      measurement.reason = reply.reason.empty()
                               ? where() + ": written, but not the kernel's to write"
                               : reply.reason;
      break;
  }
  return measurement;
}

}  // namespace tenfold::autotune
