// What BuilderPool and tenfold-builder say to each other: frames of one line, "<word> <ticket>
// <size>", and `size` bytes.
//   to the builder    compile: a request, as text
//   from the builder  kernel: a kernel's fields and bytes; error: a code and a message
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "codegen/kernel.h"

namespace tenfold::codegen {

struct Frame {
  std::string word;
  int ticket = 0;
  std::string body;
};

std::string to_bytes(const Frame& frame);

/// Takes the first whole frame off `bytes`; nothing while it is not complete.
/// Errors: corrupt when the bytes are no frame.
Result<std::optional<Frame>> take_frame(std::string& bytes);

std::string request_text(const KernelRequest& request);
Result<KernelRequest> parse_request(std::string_view text);

/// The frame that answers a request.
Frame answer(int ticket, const Result<Kernel>& kernel);
Result<Kernel> parse_answer(const Frame& frame);

}  // namespace tenfold::codegen
