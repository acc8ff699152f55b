// neighbours FIRST_DIR SECOND_DIR: runs everything alone, then all at once from a thread each, and
// compares.
#include <HalideRuntime.h>
#include <first.h>
#include <second.h>
#include <user_pipeline.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../allocation_count.h"

namespace {

using Bytes = std::vector<float>;

void check(tenfold_status status) {
  if (status == TENFOLD_OK) return;
  std::fprintf(stderr, "neighbours: %s\n", tenfold_last_error());
  std::exit(1);
}

/// A network with inputs filled, of which the outputs of the first run are kept.
class Runner {
 public:
  explicit Runner(tenfold_network* network) : network_(network) {
    tenfold_context_options options = {};
    options.threads = 2;
    check(tenfold_context_create(network, &options, &context_));
    for (uint32_t i = 0; i < tenfold_input_count(network); ++i) {
      Bytes& values =
          inputs_.emplace_back(static_cast<size_t>(tenfold_input(network, i)->size_bytes) / 4);
      for (size_t v = 0; v < values.size(); ++v) values[v] = static_cast<float>(v % 31) / 16 - 1;
      check(tenfold_bind_input(context_, i, values.data(), values.size() * 4));
    }
    for (uint32_t i = 0; i < tenfold_output_count(network); ++i) {
      Bytes& values =
          outputs_.emplace_back(static_cast<size_t>(tenfold_output(network, i)->size_bytes) / 4);
      check(tenfold_bind_output(context_, i, values.data(), values.size() * 4));
    }
    check(tenfold_run(context_));
    expected_ = outputs_;
  }
  ~Runner() {
    tenfold_context_free(context_);
    tenfold_close(network_);
  }
  Runner(const Runner&) = delete;

  bool run_again() {
    for (Bytes& values : outputs_) values.assign(values.size(), -7);
    return tenfold_run(context_) == TENFOLD_OK && outputs_ == expected_;
  }
  const std::vector<Bytes>& expected() const { return expected_; }

 private:
  tenfold_network* network_;
  tenfold_context* context_ = nullptr;
  std::vector<Bytes> inputs_, outputs_, expected_;
};

bool run_user_pipeline() {
  constexpr int width = 64, height = 100;
  Bytes in(width * height, 3), out(width * height, -1);
  halide_dimension_t dims[] = {{0, width, 1}, {0, height, width}};
  halide_buffer_t buffers[2] = {};
  for (int i = 0; i < 2; ++i) {
    buffers[i].host = reinterpret_cast<uint8_t*>(i ? out.data() : in.data());
    buffers[i].type = halide_type_t(halide_type_float, 32);
    buffers[i].dimensions = 2;
    buffers[i].dim = dims;
  }
  if (user_pipeline(&buffers[0], &buffers[1]) != 0) return false;
  for (int i = 0; i < width * height; ++i)
    if (out[static_cast<size_t>(i)] != static_cast<float>(6 + i % width + i / width)) return false;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  tenfold_network* networks[4] = {};
  check(first_open(FIRST_WEIGHTS, &networks[0]));
  check(second_open(SECOND_WEIGHTS, &networks[1]));
  check(tenfold_open(argv[1], nullptr, &networks[2]));
  check(tenfold_open(argv[2], nullptr, &networks[3]));
  std::vector<std::unique_ptr<Runner>> runners;
  for (tenfold_network* network : networks) runners.push_back(std::make_unique<Runner>(network));

  std::atomic<int> wrong{0};
  if (runners[0]->expected() != runners[2]->expected() ||
      runners[1]->expected() != runners[3]->expected())
    ++wrong;
  int64_t allocations = 0;
  {
    const AllocationCount count;
    for (const auto& runner : runners)
      for (int round = 0; round < 10; ++round) wrong += !runner->run_again();
    allocations = count.calls();
  }
  std::vector<std::thread> threads;
  for (const auto& runner : runners)
    threads.emplace_back([&] {
      for (int round = 0; round < 10; ++round) wrong += !runner->run_again();
    });
  threads.emplace_back([&] {
    for (int round = 0; round < 50; ++round) wrong += !run_user_pipeline();
  });
  for (std::thread& thread : threads) thread.join();
  std::printf("{\"wrong\": %d, \"allocations\": %lld}\n", wrong.load(),
              static_cast<long long>(allocations));
  return wrong == 0 && allocations == 0 ? 0 : 1;
}
