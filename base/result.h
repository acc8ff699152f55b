// Errors as values. Bad input is an Error in a Result; a bug of ours is an assertion; nothing is thrown
// across a folder. The message is the one line that a user reads: it names the file, the node and the rule.
#pragma once
#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace tenfold {

enum class ErrorCode {
  invalid_argument,  // a value that the caller chose breaks a stated rule
  invalid_model,     // the model file is malformed or contradicts itself
  invalid_shape,     // shapes or strides that do not fit the operator
  unsupported,       // well-formed, but not something that tenfold does
  not_found,         // a file, a name or a record that is not there
  io,                // the operating system refused: open, read, write, map, spawn
  corrupt,           // a file of ours whose content is not what was written
  unavailable,       // not on this machine: a device, a driver, an instruction set
  failed,            // a step ran and failed: a compile, a link, a comparison
  cancelled,         // the user asked to stop
};

/// The code's name as printed and as documented in docs/status-codes.md.
const char* to_string(ErrorCode code);

/// The program's exit code for an error: 1 failed, 2 usage, 3 bad input, 4 not available here.
int exit_code(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::failed;
  std::string message;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& value() & { return assert(*this), std::get<0>(state_); }
  const T& value() const& { return assert(*this), std::get<0>(state_); }
  T&& value() && { return assert(*this), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return assert(!*this), std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_; }
  const Error& error() const { return assert(error_), *error_; }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace tenfold

#define TENFOLD_CONCAT_(a, b) a##b
#define TENFOLD_CONCAT(a, b) TENFOLD_CONCAT_(a, b)

/// `TENFOLD_TRY(auto x, f());` declares x, or returns f's error from the enclosing function.
#define TENFOLD_TRY(declaration, expression) \
  TENFOLD_TRY_(declaration, expression, TENFOLD_CONCAT(tenfold_result_, __LINE__))
#define TENFOLD_TRY_(declaration, expression, result) \
  auto result = (expression);                         \
  if (!result) return result.error();                 \
  declaration = *std::move(result)

/// `TENFOLD_CHECK(f());` returns f's error from the enclosing function.
#define TENFOLD_CHECK(expression)                           \
  do {                                                      \
    if (auto status_ = (expression); !status_) return status_.error(); \
  } while (false)
