// tenfold-runner: loads the tuner's candidates, checks and times them. It is started by the tuner,
// speaks base/runner_protocol.h over the socket that it inherits, and may be taken down by a
// candidate at any moment. It shares no process with the compiler: each carries an LLVM of its own.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>

#include "base/runner_protocol.h"
#include "base/sanitizer_options.h"
#include "runtime/runner/bench.h"
#include "runtime/runner/linker.h"
#include "runtime/runner/object_code.h"

namespace tenfold::runner {
namespace {

using runner_protocol::Figures;
using runner_protocol::Reply;
using runner_protocol::Verdict;

class Runner {
 public:
  explicit Runner(std::unique_ptr<Linker> linker) : linker_(std::move(linker)) {}

  Reply answer(const runner_protocol::Prepare& request) {
    bench_.reset();
    auto bench = Bench::create(request, watch_);
    if (!bench) return refuse(Verdict::failed, bench.error().message);
    bench_ = *std::move(bench);
    return {};
  }

  Reply answer(const runner_protocol::Measure& request) {
    if (!bench_) return refuse(Verdict::failed, not_prepared);
    const auto object = read_whole(request.object);
    if (!object) return refuse(Verdict::illegal, object.error().message);
    const auto code = read_object_code(*object);
    if (!code) return refuse(Verdict::illegal, request.object + ": " + code.error().message);

    Reply reply = judge(*code, request);
    if (reply.verdict == Verdict::ok) {
      auto loaded = linker_->load(*object, request.symbol + "_argv");
      reply = loaded ? bench_->measure(request, (*loaded)->function)
                     : refuse(Verdict::illegal, loaded.error().message);
    }
    reply.code_bytes = code->code_bytes;
    reply.spill_stores = code->spill_stores;
    reply.spill_reloads = code->spill_reloads;
    for (const std::string& symbol : code->undefined)
      if (!symbol.starts_with("halide_")) reply.external_calls.push_back(symbol);
    return reply;
  }

  Figures answer(const runner_protocol::Benchmark& request) {
    Figures figures;
    figures.verdict = Verdict::failed;
    if (!bench_) {
      figures.reason = not_prepared;
      return figures;
    }
    const auto object = read_whole(request.kernel.object);
    auto loaded = object ? linker_->load(*object, request.kernel.symbol + "_argv")
                         : Result<std::unique_ptr<Linker::Loaded>>(object.error());
    if (loaded) return bench_->figures(request, (*loaded)->function);
    figures.reason = loaded.error().message;
    return figures;
  }

 private:
  static constexpr const char* not_prepared = "no task was prepared";

  static Reply refuse(Verdict verdict, const std::string& reason) {
    Reply reply;
    reply.verdict = verdict;
    reply.reason = reason;
    return reply;
  }

  /// Refuses calls that a library could not make, or that would be made once a lane.
  static Reply judge(const ObjectCode& code, const runner_protocol::Measure& request) {
    for (const std::string& symbol : code.undefined) {
      const Callee callee = classify(symbol);
      if (callee == Callee::unknown)
        return refuse(Verdict::illegal, "calls " + symbol + ", which libraries do not have");
      if (callee == Callee::libm && !request.allow_libm)
        return refuse(Verdict::illegal, "calls libm's " + symbol + ", one lane at a time");
    }
    return {};
  }

  static Result<std::string> read_whole(const std::string& path) {
    std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
    if (!file) return Error{ErrorCode::io, path + ": can't be read"};
    std::string content;
    char block[1 << 16];
    for (size_t n; (n = std::fread(block, 1, sizeof block, file.get())) > 0;)
      content.append(block, n);
    if (std::ferror(file.get())) return Error{ErrorCode::io, path + ": can't be read"};
    return content;
  }

  std::unique_ptr<Linker> linker_;
  QuietWatch watch_;
  std::unique_ptr<Bench> bench_;
};

int serve() {
  using runner_protocol::socket_fd;
  initialize_disassembler();
  auto linker = Linker::create();
  if (!linker) return 1;
  Runner runner(*std::move(linker));
  if (!runner_protocol::send_frame(socket_fd, runner_protocol::encode(runner_protocol::Hello{})))
    return 1;
  while (true) {
    const auto body = runner_protocol::receive_frame(socket_fd, -1);
    if (!body) return 0;  // the tuner is gone
    const auto request = runner_protocol::decode_request(*body);
    if (!request) return 1;
    const std::string answer = std::visit(
        [&](const auto& message) { return runner_protocol::encode(runner.answer(message)); },
        *request);
    if (!runner_protocol::send_frame(socket_fd, answer)) return 1;
  }
}

}  // namespace
}  // namespace tenfold::runner

int main() {
  struct stat socket_status;
  if (fstat(tenfold::runner_protocol::socket_fd, &socket_status) != 0 ||
      !S_ISSOCK(socket_status.st_mode)) {
    std::fputs("tenfold-runner is started by tenfold, not by hand\n", stderr);
    return 2;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // never outlive the tuner
  std::signal(SIGINT, SIG_IGN);      // Ctrl-C is the tuner's to handle
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  return tenfold::runner::serve();
}
