// What the tuner (autotune/) and the measuring program (runtime/runner) say to each other over a
// socket: requests and replies as plain data, each a frame of a length and the fields in order.
// Bulk data does not travel: buffers are files.
//
// A conversation: the runner greets with a Hello; then for each task one Prepare, and for each
// candidate of it one Measure, and as many Benchmarks of it as are wanted; each is answered by one
// Reply (a Benchmark by Figures), before which the runner may die or never come, which says
// something about the candidate. The runner ends when the socket does.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/buffer_layout.h"
#include "base/result.h"

namespace tenfold::runner_protocol {

constexpr uint32_t version = 3;
constexpr int socket_fd = 3;  // the runner's end, as the program inherits it

/// A float32 that a kernel must leave alone: a NaN with a payload that no arithmetic makes.
constexpr uint32_t untouched_bits = 0x7fe5'c3e1;

/// The machine is quiet while multiply-adds with operands from the first-level cache, on vectors of
/// 8, keep this share of the multiply-add peak. Seen: 0.97 on an idle core of Zen 3 and 0.60 beside
/// a busy neighbour on the other half of the core; on Emerald Rapids 0.94, 0.88 after work on 16
/// lanes, and 0.3 to 0.8 disturbed.
constexpr double quiet_share = 0.85;

/// A kernel's buffer argument: the root's image, from its base, in a file of size_bytes.
struct Buffer {
  std::string file;
  int64_t size_bytes = 0;
  std::vector<BufferDim> dims;  // innermost first
};

/// An output's file holds what the root must look like afterwards: expected values where the kernel
/// writes, untouched_bits elsewhere. The root is untouched_bits throughout before the kernel is
/// called. Where shared_input is an index, a plan may make that input's root the output's: the
/// candidate is checked a second time with both in one buffer.
struct Output {
  Buffer expected;
  int32_t shared_input = -1;
};

struct Hello {
  uint32_t version = runner_protocol::version;
};

struct Prepare {
  int32_t threads = 1;
  std::vector<Buffer> inputs;
  std::vector<Output> outputs;
};

struct Measure {
  std::string object;                 // a relocatable object's path
  std::string symbol;                 // symbol + "_argv" is called
  std::vector<Buffer> params;         // packed
  double absolute = 0, relative = 0;  // |got - want| <= absolute + relative * |want|
  double best_ns = 0;                 // a candidate that is clearly slower is cut short; 0: never
  int64_t budget_ns = 10'000'000;     // spent on samples, about
  int32_t min_samples = 3;
  int32_t max_samples = 8;
  int64_t patience_ns = 0;   // to wait, in all, for a program that disturbs the samples to stop
  int64_t rotate_bytes = 0;  // params are copied until they take so much, and each call reads other
                             // copies: cold weights
  bool allow_libm =
      false;  // else a call of a scalar function of libm (atanf, powf) makes the candidate illegal
};

enum class Verdict : uint32_t {
  ok,
  illegal,      // the object can't be linked or calls what a library must not
  failed,       // the kernel returned an error
  wrong_value,  // an element is off
  wild_write,   // something outside of the logical output was written: the runner's state is in
                // doubt
};

struct Reply {
  Verdict verdict = Verdict::ok;
  std::string reason;
  int32_t output = 0;   // wrong_value, wild_write: where, and what
  int64_t element = 0;  // counted from the root's base
  double got = 0, want = 0;
  std::vector<int64_t> samples_ns;
  int64_t code_bytes = 0;
  int32_t spill_stores = 0, spill_reloads = 0;
  std::vector<std::string> external_calls;
};

/// Times a candidate that a Measure has found right, taking turns with what bounds it on this
/// machine at this moment. Only object, symbol and params of `kernel` count.
struct Benchmark {
  Measure kernel;
  int32_t samples = 5;          // of each series
  int64_t sample_ns = 500'000;  // short calls are repeated until a sample takes so long, about
  std::vector<int32_t> lanes;   // vector widths whose multiply-add peak is measured: 8, 16
  // What the problem must read and write at least, its constants apart: a loop that does nothing
  // else over memory of the same sizes is timed too.
  int64_t read_bytes = 0, constant_bytes = 0, write_bytes = 0;
};

/// A multiply-add peak of all threads together, on vectors of `lanes`.
struct Peak {
  int32_t lanes = 0;
  std::vector<double> gflops;  // by sample
};

/// Times are of one call, all threads together. Cold: what lies in the constants was flushed from
/// every cache before each call; inputs and outputs lie where the call before left them.
struct Figures {
  Verdict verdict = Verdict::ok;
  std::string reason;
  std::vector<double> warm_ns, cold_ns;           // by sample
  std::vector<double> memory_ns, cold_memory_ns;  // the loop that only moves the bytes
  std::vector<Peak> peaks;                        // one a wanted vector width
  // Multiply-adds on vectors of 8 with operands from the first-level cache, before and after each
  // sample: near the peak on an undisturbed machine, whatever the kernel does.
  std::vector<double> loaded_gflops;
};

using Request = std::variant<Prepare, Measure, Benchmark>;

/// A frame's body. Decoding checks every length against what is there. Errors: corrupt.
std::string encode(const Hello& message);
std::string encode(const Request& message);
std::string encode(const Reply& message);
std::string encode(const Figures& message);
Result<Hello> decode_hello(const std::string& body);
Result<Request> decode_request(const std::string& body);
Result<Reply> decode_reply(const std::string& body);
Result<Figures> decode_figures(const std::string& body);

/// Writes a frame to a socket, whole. Errors: io (the peer is gone; no signal is raised).
Status send_frame(int fd, const std::string& body);

/// Reads a frame. Waits for `timeout_ms` at most, forever when it is negative, and until *cancel is
/// set where there is one. Errors: io when the peer is gone, unavailable when the time is over,
/// cancelled, corrupt when the length is absurd.
Result<std::string> receive_frame(int fd, int64_t timeout_ms,
                                  const std::atomic<bool>* cancel = nullptr);

}  // namespace tenfold::runner_protocol
