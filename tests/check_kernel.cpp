// tenfold-check-kernel: what a failing test of generated problems prints, run again.
//
//   tenfold-check-kernel 'TASK | CONFIG | OPTIONS' [--minimise] [--target NAME]
//   tenfold-check-kernel --family NAME|all [--problems N] [--seed S] [--minimise] [--target NAME]
//
// TASK may be a short spec (dsl::parse_op_spec). Prints "ok", or what is wrong; with --minimise
// also the smallest job that still fails, as such a line. --family generates problems of that
// family. Exits with 0, 1 for a failure, 2 for bad usage.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/minimise.h"
#include "tests/problems.h"

namespace tenfold::testing_support {
namespace {

struct Options {
  std::string line, family, target = "host";
  int problems = 40;
  uint64_t seed = 1;
  bool minimised = false;
};

int usage() {
  std::fputs(
      "usage: tenfold-check-kernel 'TASK | CONFIG | OPTIONS' [--minimise] [--target NAME]\n"
      "       tenfold-check-kernel --family NAME|all [--problems N] [--seed S] [--minimise] "
      "[--target NAME]\n",
      stderr);
  return 2;
}

int bad_input(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 2;
}

int check(const std::vector<KernelJob>& jobs, const Target& target, bool minimised) {
  const std::vector<std::string> said = check_kernels(jobs, target);
  int failures = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (said[i].empty()) continue;
    ++failures;
    std::printf("%s\n  %s\n", said[i].c_str(), to_text(jobs[i]).c_str());
    if (!minimised) continue;
    const KernelJob least = minimise(jobs[i], target, [&](const KernelJob& candidate) {
      return !check_kernels({candidate}, target)[0].empty();
    });
    std::printf("  smallest: %s\n", to_text(least).c_str());
  }
  if (failures)
    std::printf("%d of %zu kernels fail\n", failures, jobs.size());
  else
    std::printf("ok, %zu kernels\n", jobs.size());
  std::fflush(stdout);
  return failures ? 1 : 0;
}

int run(const Options& options) {
  const auto target = parse_target(options.target);
  if (!target) return bad_input(target.error());
  if (!options.line.empty()) {
    const auto job = parse_job(options.line);
    return job ? check({*job}, *target, options.minimised) : bad_input(job.error());
  }
  bool found = false, failed = false;
  for (const Family& family : families()) {
    if (options.family != "all" && options.family != family.name) continue;
    found = true;
    Random random(options.seed);
    std::printf("%s: ", family.name);
    failed |=
        check(family_jobs(family, options.problems, *target, RandomConfigsOf::every_space, random),
              *target, options.minimised) != 0;
  }
  if (!found) return bad_input({ErrorCode::invalid_argument, "no family '" + options.family + "'"});
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace tenfold::testing_support

int main(int argc, char** argv) {
  tenfold::testing_support::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool more = i + 1 < argc;
    if (word == "--minimise")
      options.minimised = true;
    else if (word == "--target" && more)
      options.target = argv[++i];
    else if (word == "--family" && more)
      options.family = argv[++i];
    else if (word == "--problems" && more)
      options.problems = std::atoi(argv[++i]);
    else if (word == "--seed" && more)
      options.seed = std::strtoull(argv[++i], nullptr, 10);
    else if (options.line.empty() && !word.starts_with("-"))
      options.line = word;
    else
      return tenfold::testing_support::usage();
  }
  if (options.line.empty() == options.family.empty()) return tenfold::testing_support::usage();
  return tenfold::testing_support::run(options);
}
