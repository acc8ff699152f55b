#include "base/runner_protocol.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace tenfold::runner_protocol {
namespace {

Request example() {
  Measure request{
      .object = "a.o", .symbol = "tk", .params = {}, .absolute = 1e-5, .allow_libm = true};
  request.params = {{"p", 64, {{0, 4, 1}, {-2, 4, 4}}}};
  return request;
}

TEST(RunnerProtocol, ReadsBackWhatItWrites) {
  const auto request = decode_request(encode(example()));
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(encode(*request), encode(example()));
  EXPECT_EQ(std::get<Measure>(*request).params[0].dims[1].min, -2);

  const Request prepare =
      Prepare{.threads = 3, .inputs = {{"in", 4, {{0, 1, 1}}}}, .outputs = {{{"out", 8, {}}, 0}}};
  const auto prepared = decode_request(encode(prepare));
  ASSERT_TRUE(prepared);
  EXPECT_EQ(std::get<Prepare>(*prepared).outputs[0].shared_input, 0);

  Reply reply;
  reply.verdict = Verdict::wrong_value;
  reply.reason = "off";
  reply.samples_ns = {1, 2, 3};
  reply.external_calls = {"expf", ""};
  const auto replied = decode_reply(encode(reply));
  ASSERT_TRUE(replied);
  EXPECT_EQ(encode(*replied), encode(reply));

  const Request benchmark =
      Benchmark{.kernel = std::get<Measure>(example()), .lanes = {8, 16}, .constant_bytes = 12};
  const auto asked = decode_request(encode(benchmark));
  ASSERT_TRUE(asked);
  EXPECT_EQ(encode(*asked), encode(benchmark));
  EXPECT_EQ(std::get<Benchmark>(*asked).constant_bytes, 12);

  Figures figures;
  figures.cold_ns = {1.5};
  figures.peaks = {{8, {80.5, 81}}};
  const auto figured = decode_figures(encode(figures));
  ASSERT_TRUE(figured);
  EXPECT_EQ(figured->peaks[0].gflops[1], 81);
}

TEST(RunnerProtocol, RefusesEveryTruncationAndWhatFollows) {
  const std::string body = encode(example());
  for (size_t size = 0; size < body.size(); ++size)
    EXPECT_FALSE(decode_request(body.substr(0, size))) << size;
  EXPECT_FALSE(decode_request(body + "x"));
  EXPECT_FALSE(decode_request("9" + body.substr(1)));
  EXPECT_FALSE(decode_reply(std::string(200, '\xff')));
  EXPECT_FALSE(decode_hello(""));
}

TEST(RunnerProtocol, FramesCrossASocket) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const std::string large(3'000'000, 'z');  // more than a socket holds
  std::thread sender([&] {
    EXPECT_TRUE(send_frame(ends[0], large));
    EXPECT_TRUE(send_frame(ends[0], ""));
  });
  EXPECT_EQ(*receive_frame(ends[1], 5000), large);
  EXPECT_EQ(*receive_frame(ends[1], 5000), "");
  sender.join();

  EXPECT_EQ(receive_frame(ends[1], 20).error().code, ErrorCode::unavailable);
  std::atomic<bool> cancel = true;
  EXPECT_EQ(receive_frame(ends[1], -1, &cancel).error().code, ErrorCode::cancelled);
  const uint32_t absurd = 0xffff'ffff;
  ASSERT_EQ(write(ends[0], &absurd, sizeof absurd), static_cast<ssize_t>(sizeof absurd));
  EXPECT_EQ(receive_frame(ends[1], 1000).error().code, ErrorCode::corrupt);
  close(ends[0]);
  EXPECT_EQ(receive_frame(ends[1], 1000).error().code, ErrorCode::io);
  EXPECT_EQ(send_frame(ends[1], "x").error().code, ErrorCode::io);
  close(ends[1]);
}

}  // namespace
}  // namespace tenfold::runner_protocol
