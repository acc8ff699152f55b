// Running: results, binding, errors of kernels, many contexts at once.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "toy.h"

namespace {

using toy::Opened;
using toy::Values;

class Run : public testing::Test {
 protected:
  void SetUp() override {
    toy::install(folder_);
    ASSERT_EQ(tenfold_open(folder_.path().c_str(), nullptr, &opened_.network), TENFOLD_OK)
        << tenfold_last_error();
  }
  void make_context(uint32_t threads) {
    const tenfold_context_options options = {.threads = threads};
    ASSERT_EQ(tenfold_context_create(opened_.network, &options, &opened_.context), TENFOLD_OK)
        << tenfold_last_error();
  }
  void bind(const Values& in, Values& out) {
    ASSERT_EQ(tenfold_bind_input(opened_.context, 0, in.data(), sizeof in), TENFOLD_OK);
    ASSERT_EQ(tenfold_bind_output(opened_.context, 0, out.data(), sizeof out), TENFOLD_OK);
  }

  toy::Folder folder_;
  Opened opened_;
};

class RunThreads : public Run, public testing::WithParamInterface<uint32_t> {};

TEST_P(RunThreads, GivesTheResultEveryTime) {
  make_context(GetParam());
  Values in, out;
  bind(in, out);
  for (int round = 0; round < 200; ++round) {
    in = toy::input(static_cast<float>(round));
    out.fill(-1);
    ASSERT_EQ(tenfold_run(opened_.context), TENFOLD_OK) << tenfold_context_error(opened_.context);
    ASSERT_EQ(out, toy::expected(static_cast<float>(round))) << round;
  }
}
INSTANTIATE_TEST_SUITE_P(Counts, RunThreads, testing::Values(0, 1, 2, 3, 8));

TEST_F(Run, TheNetworkMayBeClosedFirst) {
  make_context(2);
  const Values in = toy::input(1);
  Values out = {};
  bind(in, out);
  tenfold_close(opened_.network);
  opened_.network = nullptr;
  ASSERT_EQ(tenfold_run(opened_.context), TENFOLD_OK);
  EXPECT_EQ(out, toy::expected(1));
}

TEST_F(Run, BindsAnewBetweenRuns) {
  make_context(2);
  const Values in1 = toy::input(1), in2 = toy::input(2);
  Values out1 = {}, out2 = {};
  bind(in1, out1);
  ASSERT_EQ(tenfold_run(opened_.context), TENFOLD_OK);
  bind(in2, out2);
  ASSERT_EQ(tenfold_run(opened_.context), TENFOLD_OK);
  EXPECT_EQ(out1, toy::expected(1));
  EXPECT_EQ(out2, toy::expected(2));
}

TEST_F(Run, ReportsEachStep) {
  make_context(2);
  const Values in = toy::input(0);
  Values out = {};
  bind(in, out);
  std::string steps;
  ASSERT_EQ(tenfold_run_steps(
                opened_.context,
                [](void* user, uint32_t step, const tenfold_step* info, int64_t time_ns) {
                  EXPECT_GE(time_ns, 0);
                  *static_cast<std::string*>(user) += std::to_string(step) + info->name + " ";
                },
                &steps),
            TENFOLD_OK);
  EXPECT_EQ(steps, "0double 1add ");
  EXPECT_EQ(out, toy::expected(0));
  EXPECT_EQ(tenfold_run_steps(opened_.context, nullptr, nullptr), TENFOLD_INVALID_ARGUMENT);
}

TEST_F(Run, UnboundAndIllFittingBuffersAreRefused) {
  make_context(1);
  Values values = {};
  EXPECT_EQ(tenfold_run(opened_.context), TENFOLD_INVALID_ARGUMENT);
  EXPECT_STREQ(tenfold_context_error(opened_.context), "input 'x' is not bound");
  ASSERT_EQ(tenfold_bind_input(opened_.context, 0, values.data(), sizeof values), TENFOLD_OK);
  EXPECT_EQ(tenfold_run(opened_.context), TENFOLD_INVALID_ARGUMENT);
  EXPECT_STREQ(tenfold_context_error(opened_.context), "output 'y' is not bound");
  EXPECT_EQ(tenfold_bind_output(opened_.context, 1, values.data(), sizeof values),
            TENFOLD_INVALID_ARGUMENT);
  EXPECT_EQ(tenfold_bind_output(opened_.context, 0, values.data(), sizeof values - 4),
            TENFOLD_INVALID_ARGUMENT);
  EXPECT_STREQ(tenfold_context_error(opened_.context), "output 'y' has 4096 bytes, not 4092");
  EXPECT_EQ(tenfold_bind_output(opened_.context, 0, nullptr, sizeof values),
            TENFOLD_INVALID_ARGUMENT);
  EXPECT_EQ(tenfold_bind_output(opened_.context, 0, reinterpret_cast<char*>(values.data()) + 1,
                                sizeof values),
            TENFOLD_INVALID_ARGUMENT);
  EXPECT_EQ(tenfold_bind_device_input(opened_.context, 0, 1, sizeof values),
            TENFOLD_INVALID_ARGUMENT);
  EXPECT_EQ(tenfold_bind_input(nullptr, 0, values.data(), sizeof values), TENFOLD_INVALID_ARGUMENT);
  EXPECT_EQ(tenfold_run(nullptr), TENFOLD_INVALID_ARGUMENT);
}

TEST_P(RunThreads, KernelErrorsNameTheStepAndPass) {
  make_context(GetParam());
  Values in, out = {};
  bind(in, out);
  const struct {
    float first;
    const char* text;
  } cases[] = {{-1, "step 'double': the input is minus one"},
               {-2, "step 'double': its kernel returned -77"},
               {-3, "step 'double': noticed, but not returned"}};
  for (const auto& failing : cases) {
    in = toy::input(failing.first);
    EXPECT_EQ(tenfold_run(opened_.context), TENFOLD_FAILED);
    EXPECT_STREQ(tenfold_context_error(opened_.context), failing.text);
    in = toy::input(5);
    ASSERT_EQ(tenfold_run(opened_.context), TENFOLD_OK);
    EXPECT_EQ(out, toy::expected(5));
  }
}

TEST_F(Run, ContextsOfOneNetworkRunAtOnce) {
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const tenfold_context_options options = {.threads = 1 + t % 3};
      tenfold_context* context = nullptr;
      Values in = {}, out = {};
      if (tenfold_context_create(opened_.network, &options, &context) != TENFOLD_OK ||
          tenfold_bind_input(context, 0, in.data(), sizeof in) != TENFOLD_OK ||
          tenfold_bind_output(context, 0, out.data(), sizeof out) != TENFOLD_OK)
        ++wrong;
      for (int round = 0; round < 100; ++round) {
        const auto first = static_cast<float>(100 * t + round);
        in = toy::input(first);
        if (tenfold_run(context) != TENFOLD_OK || out != toy::expected(first)) ++wrong;
      }
      tenfold_context_free(context);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(Run, OpenedAndLinkedNetworksLiveTogether) {
  make_context(2);
  folder_.write("linked.weights", toy::weights_file());
  Opened linked, other;
  ASSERT_EQ(tenfold_open_linked(linked_toy_query, (folder_ / "linked.weights").c_str(), nullptr,
                                &linked.network),
            TENFOLD_OK);
  ASSERT_EQ(tenfold_open_linked(other_toy_query, (folder_ / "linked.weights").c_str(), nullptr,
                                &other.network),
            TENFOLD_OK);
  EXPECT_STREQ(tenfold_network_name(linked.network), "linked_toy");
  EXPECT_STREQ(tenfold_network_name(other.network), "other_toy");
  ASSERT_EQ(tenfold_context_create(linked.network, nullptr, &linked.context), TENFOLD_OK);
  ASSERT_EQ(tenfold_context_create(other.network, nullptr, &other.context), TENFOLD_OK);
  float first = 0;
  for (tenfold_context* context : {opened_.context, linked.context, other.context}) {
    const Values in = toy::input(++first);
    Values out = {};
    ASSERT_EQ(tenfold_bind_input(context, 0, in.data(), sizeof in), TENFOLD_OK);
    ASSERT_EQ(tenfold_bind_output(context, 0, out.data(), sizeof out), TENFOLD_OK);
    ASSERT_EQ(tenfold_run(context), TENFOLD_OK);
    EXPECT_EQ(out, toy::expected(first));
  }
}

}  // namespace
