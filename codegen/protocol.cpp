#include "codegen/protocol.h"

#include <charconv>
#include <map>
#include <vector>

namespace tenfold::codegen {
namespace {

Error malformed(const std::string& what) {
  return {ErrorCode::corrupt, "the builder's " + what + " is malformed"};
}

std::optional<int64_t> number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const size_t space = line.find(' ');
    words.push_back(line.substr(0, space));
    line = space == std::string_view::npos ? "" : line.substr(space + 1);
  }
  return words;
}

}  // namespace

std::string to_bytes(const Frame& frame) {
  return frame.word + ' ' + std::to_string(frame.ticket) + ' ' + std::to_string(frame.body.size()) +
         '\n' + frame.body;
}

Result<std::optional<Frame>> take_frame(std::string& bytes) {
  const size_t newline = bytes.find('\n');
  if (newline == std::string::npos) {
    if (bytes.size() > 100) return malformed("frame");
    return std::optional<Frame>();
  }
  const auto words = words_of(std::string_view(bytes).substr(0, newline));
  const auto ticket = words.size() == 3 ? number(words[1]) : std::nullopt;
  const auto size = words.size() == 3 ? number(words[2]) : std::nullopt;
  if (!ticket || !size || *size < 0) return malformed("frame");
  if (bytes.size() - newline - 1 < static_cast<size_t>(*size)) return std::optional<Frame>();
  Frame frame{std::string(words[0]), static_cast<int>(*ticket),
              bytes.substr(newline + 1, static_cast<size_t>(*size))};
  bytes.erase(0, newline + 1 + static_cast<size_t>(*size));
  return std::optional<Frame>(std::move(frame));
}

std::string request_text(const KernelRequest& request) {
  const Target& target = request.target;
  std::string text = "task=" + to_text(request.task) + "\nconfig=" + to_text(request.config) +
                     "\ntarget=" + target.name + "\nptxas=" + request.ptxas;
  const std::pair<const char*, int64_t> numbers[] = {
      {"asserts", request.asserts},  {"lanes", target.lanes},       {"registers", target.registers},
      {"l1_bytes", target.l1_bytes}, {"l2_bytes", target.l2_bytes}, {"l3_bytes", target.l3_bytes},
  };
  for (const auto& [name, value] : numbers)
    text += std::string("\n") + name + '=' + std::to_string(value);
  return text;
}

Result<KernelRequest> parse_request(std::string_view text) {
  std::map<std::string, std::string, std::less<>> fields;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) return malformed("request");
    fields[std::string(line.substr(0, equals))] = line.substr(equals + 1);
    text = line.size() == text.size() ? "" : text.substr(line.size() + 1);
  }
  KernelRequest request;
  TENFOLD_TRY(request.task, parse_task(fields["task"]));
  TENFOLD_TRY(request.config, parse_config(fields["config"]));
  TENFOLD_TRY(request.target, parse_target(fields["target"]));
  request.ptxas = fields["ptxas"];
  const auto take = [&](const char* name, auto& into) {
    const auto value = number(fields[name]);
    if (value) into = static_cast<std::remove_reference_t<decltype(into)>>(*value);
    return value.has_value();
  };
  Target& target = request.target;
  if (!take("asserts", request.asserts) || !take("lanes", target.lanes) ||
      !take("registers", target.registers) || !take("l1_bytes", target.l1_bytes) ||
      !take("l2_bytes", target.l2_bytes) || !take("l3_bytes", target.l3_bytes))
    return malformed("request");
  return request;
}

Frame answer(int ticket, const Result<Kernel>& kernel) {
  if (!kernel)
    return {"error", ticket,
            std::to_string(static_cast<int>(kernel.error().code)) + '\n' + kernel.error().message};
  return {"kernel", ticket,
          kernel->symbol + ' ' + std::to_string(kernel->scratch_bytes) + ' ' +
              std::to_string(kernel->object.size()) + ' ' +
              std::to_string(kernel->device_code.size()) + ' ' +
              std::to_string(kernel->cubin.size()) + '\n' + kernel->object + kernel->device_code +
              kernel->cubin};
}

Result<Kernel> parse_answer(const Frame& frame) {
  const std::string_view body = frame.body;
  const size_t newline = body.find('\n');
  if (newline == std::string_view::npos) return malformed("answer");
  const std::string_view line = body.substr(0, newline);
  std::string_view rest = body.substr(newline + 1);
  if (frame.word == "error") {
    const auto code = number(line);
    if (!code || *code < 0 || *code > static_cast<int>(ErrorCode::cancelled))
      return malformed("answer");
    return Error{static_cast<ErrorCode>(*code), std::string(rest)};
  }
  const auto words = words_of(line);
  if (frame.word != "kernel" || words.size() != 5) return malformed("answer");
  Kernel kernel{.symbol = std::string(words[0])};
  const auto scratch = number(words[1]);
  if (!scratch) return malformed("answer");
  kernel.scratch_bytes = *scratch;
  std::string* const parts[] = {&kernel.object, &kernel.device_code, &kernel.cubin};
  for (int i = 0; i < 3; ++i) {
    const auto size = number(words[2 + i]);
    if (!size || *size < 0 || rest.size() < static_cast<size_t>(*size)) return malformed("answer");
    parts[i]->assign(rest.substr(0, *size));
    rest.remove_prefix(*size);
  }
  return kernel;
}

}  // namespace tenfold::codegen
