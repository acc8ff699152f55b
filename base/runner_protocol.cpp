#include "base/runner_protocol.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <type_traits>

namespace tenfold::runner_protocol {
namespace {

constexpr uint32_t max_frame_bytes = 64u << 20;

/// The fields of each message, in the order in which they travel: one list for both directions.
template <class A>
void fields(A& a, BufferDim& m) {
  a(m.min), a(m.extent), a(m.stride);
}
template <class A>
void fields(A& a, Buffer& m) {
  a(m.file), a(m.size_bytes), a(m.dims);
}
template <class A>
void fields(A& a, Output& m) {
  a(m.expected), a(m.shared_input);
}
template <class A>
void fields(A& a, Hello& m) {
  a(m.version);
}
template <class A>
void fields(A& a, Prepare& m) {
  a(m.threads), a(m.inputs), a(m.outputs);
}
template <class A>
void fields(A& a, Measure& m) {
  a(m.object), a(m.symbol), a(m.params), a(m.absolute), a(m.relative), a(m.best_ns), a(m.budget_ns);
  a(m.min_samples), a(m.max_samples), a(m.patience_ns), a(m.rotate_bytes), a(m.allow_libm);
}
template <class A>
void fields(A& a, Reply& m) {
  a(m.verdict), a(m.reason), a(m.output), a(m.element), a(m.got), a(m.want), a(m.samples_ns),
      a(m.code_bytes);
  a(m.spill_stores), a(m.spill_reloads), a(m.external_calls);
}
template <class A>
void fields(A& a, Benchmark& m) {
  a(m.kernel), a(m.samples), a(m.sample_ns), a(m.lanes);
  a(m.read_bytes), a(m.constant_bytes), a(m.write_bytes);
}
template <class A>
void fields(A& a, Peak& m) {
  a(m.lanes), a(m.gflops);
}
template <class A>
void fields(A& a, Figures& m) {
  a(m.verdict), a(m.reason), a(m.warm_ns), a(m.cold_ns), a(m.memory_ns), a(m.cold_memory_ns);
  a(m.peaks), a(m.loaded_gflops);
}

template <class T>
constexpr bool is_plain = std::is_arithmetic_v<T> || std::is_enum_v<T>;

struct Writer {
  std::string out;
  template <class T>
  void operator()(T& value) {
    if constexpr (is_plain<T>) {
      out.append(reinterpret_cast<const char*>(&value), sizeof value);
    } else {
      fields(*this, value);
    }
  }
  void operator()(std::string& text) {
    uint64_t size = text.size();
    (*this)(size);
    out += text;
  }
  template <class T>
  void operator()(std::vector<T>& items) {
    uint64_t size = items.size();
    (*this)(size);
    for (T& item : items) (*this)(item);
  }
};

struct Reader {
  const char* at;
  const char* end;
  bool good = true;

  size_t left() const { return static_cast<size_t>(end - at); }
  template <class T>
  void operator()(T& value) {
    if constexpr (is_plain<T>) {
      if (!good || left() < sizeof value) {
        good = false;
        return;
      }
      std::memcpy(&value, at, sizeof value);
      at += sizeof value;
    } else {
      fields(*this, value);
    }
  }
  uint64_t size() {
    uint64_t count = 0;
    (*this)(count);
    if (count > left()) good = false;  // every element takes a byte at least
    return good ? count : 0;
  }
  void operator()(std::string& text) {
    const uint64_t count = size();
    text.assign(at, count);
    at += count;
  }
  template <class T>
  void operator()(std::vector<T>& items) {
    for (uint64_t i = size(); i > 0 && good; --i) (*this)(items.emplace_back());
  }
};

template <class T>
std::string encoded(T message) {
  Writer writer;
  writer(message);
  return std::move(writer.out);
}

template <class T>
Result<T> decoded(const char* begin, const char* end) {
  Reader reader{begin, end};
  T message;
  reader(message);
  if (!reader.good || reader.at != end)
    return Error{ErrorCode::corrupt, "a message between tuner and runner is garbled"};
  return message;
}

}  // namespace

std::string encode(const Hello& message) {
  return encoded(message);
}
std::string encode(const Reply& message) {
  return encoded(message);
}
std::string encode(const Figures& message) {
  return encoded(message);
}
std::string encode(const Request& message) {
  return std::visit(
      [&](const auto& request) { return char('0' + message.index()) + encoded(request); }, message);
}

Result<Hello> decode_hello(const std::string& body) {
  return decoded<Hello>(body.data(), body.data() + body.size());
}
Result<Reply> decode_reply(const std::string& body) {
  return decoded<Reply>(body.data(), body.data() + body.size());
}
Result<Figures> decode_figures(const std::string& body) {
  return decoded<Figures>(body.data(), body.data() + body.size());
}
Result<Request> decode_request(const std::string& body) {
  const char* const begin = body.data() + std::min<size_t>(1, body.size());
  const char* const end = body.data() + body.size();
  const auto message = [&]<class T>(T) -> Result<Request> {
    TENFOLD_TRY(T request, decoded<T>(begin, end));
    return Request(std::move(request));
  };
  switch (body.empty() ? 'x' : body[0]) {
    case '0':
      return message(Prepare{});
    case '1':
      return message(Measure{});
    case '2':
      return message(Benchmark{});
    default:
      return Error{ErrorCode::corrupt, "a request that is none of the runner's"};
  }
}

Status send_frame(int fd, const std::string& body) {
  const auto size = static_cast<uint32_t>(body.size());
  const std::string frame = std::string(reinterpret_cast<const char*>(&size), sizeof size) + body;
  for (size_t sent = 0; sent < frame.size();) {
    const ssize_t n = send(fd, frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      return Error{ErrorCode::io, std::string("the peer is gone: ") + std::strerror(errno)};
    sent += static_cast<size_t>(n);
  }
  return {};
}

Result<std::string> receive_frame(int fd, int64_t timeout_ms, const std::atomic<bool>* cancel) {
  using Clock = std::chrono::steady_clock;
  constexpr int64_t slice_ms = 50;  // how late a cancellation may be seen
  const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  const auto receive = [&](char* out, size_t wanted) -> Status {
    while (wanted > 0) {
      if (cancel && *cancel) return Error{ErrorCode::cancelled, "cancelled"};
      int64_t wait_ms = cancel ? slice_ms : -1;
      if (timeout_ms >= 0) {
        const int64_t left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) return Error{ErrorCode::unavailable, "no answer in time"};
        wait_ms = cancel ? std::min(left, slice_ms) : left;
      }
      pollfd ready{fd, POLLIN, 0};
      const int polled = poll(&ready, 1, static_cast<int>(wait_ms));
      if (polled == 0 || (polled < 0 && errno == EINTR)) continue;
      const ssize_t n = recv(fd, out, wanted, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return Error{ErrorCode::io, "the peer is gone"};
      out += n;
      wanted -= static_cast<size_t>(n);
    }
    return {};
  };
  uint32_t size = 0;
  TENFOLD_CHECK(receive(reinterpret_cast<char*>(&size), sizeof size));
  if (size > max_frame_bytes)
    return Error{ErrorCode::corrupt, "a message between tuner and runner is too long"};
  std::string body(size, '\0');
  TENFOLD_CHECK(receive(body.data(), body.size()));
  return body;
}

}  // namespace tenfold::runner_protocol
