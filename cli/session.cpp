#include "cli/session.h"

#include <utility>

namespace tenfold::cli {
namespace {

PortInfo port_info(const tenfold_port& port) {
  return {port.name, static_cast<DType>(port.type), Dims(port.dims, port.dims + port.rank)};
}

ErrorCode code_of(tenfold_status status) {
  switch (status) {
    case TENFOLD_INVALID_ARGUMENT:
      return ErrorCode::invalid_argument;
    case TENFOLD_NOT_FOUND:
      return ErrorCode::not_found;
    case TENFOLD_IO:
      return ErrorCode::io;
    case TENFOLD_CORRUPT:
    case TENFOLD_VERSION:
      return ErrorCode::corrupt;
    case TENFOLD_UNAVAILABLE:
      return ErrorCode::unavailable;
    case TENFOLD_OK:
    case TENFOLD_OUT_OF_MEMORY:
    case TENFOLD_FAILED:
      return ErrorCode::failed;
  }
  return ErrorCode::failed;
}

}  // namespace

Error from_runtime(tenfold_status status, const std::string& subject, const char* text) {
  const std::string message = text && *text ? text : tenfold_status_text(status);
  const bool named = message.find(subject) != std::string::npos;
  return {code_of(status), named ? message : subject + ": " + message};
}

Result<Session> Session::open(const std::string& folder, const std::string& target, int threads,
                              bool check_weights) {
  Session session;
  session.folder_ = folder;
  tenfold_open_options options{};
  options.target = target.empty() ? nullptr : target.c_str();
  options.hash_weights = check_weights;
  tenfold_status status = tenfold_open(folder.c_str(), &options, &session.network_);
  if (status != TENFOLD_OK) return from_runtime(status, folder, tenfold_last_error());
  tenfold_context_options context{};
  context.threads = static_cast<uint32_t>(threads);
  status = tenfold_context_create(session.network_, &context, &session.context_);
  if (status != TENFOLD_OK) return from_runtime(status, folder, tenfold_last_error());
  for (uint32_t i = 0; i < tenfold_input_count(session.network_); ++i)
    session.inputs_.push_back(port_info(*tenfold_input(session.network_, i)));
  for (uint32_t i = 0; i < tenfold_output_count(session.network_); ++i)
    session.outputs_.push_back(port_info(*tenfold_output(session.network_, i)));
  return session;
}

Session::Session(Session&& other) noexcept
    : folder_(std::move(other.folder_)),
      network_(std::exchange(other.network_, nullptr)),
      context_(std::exchange(other.context_, nullptr)),
      inputs_(std::move(other.inputs_)),
      outputs_(std::move(other.outputs_)) {}

Session::~Session() {
  if (context_) tenfold_context_free(context_);
  if (network_) tenfold_close(network_);
}

std::string Session::name() const {
  return tenfold_network_name(network_);
}
std::string Session::target() const {
  return tenfold_network_target(network_);
}

Status Session::check(tenfold_status status) const {
  if (status == TENFOLD_OK) return {};
  return from_runtime(status, folder_, tenfold_context_error(context_));
}

Status Session::bind(const std::vector<Array>& inputs, std::vector<Array>& outputs) {
  for (size_t i = 0; i < inputs.size(); ++i)
    TENFOLD_CHECK(check(tenfold_bind_input(context_, static_cast<uint32_t>(i), inputs[i].bytes(),
                                           static_cast<size_t>(inputs[i].size_bytes()))));
  for (size_t i = 0; i < outputs.size(); ++i)
    TENFOLD_CHECK(check(tenfold_bind_output(context_, static_cast<uint32_t>(i), outputs[i].bytes(),
                                            static_cast<size_t>(outputs[i].size_bytes()))));
  return {};
}

Status Session::run() {
  return check(tenfold_run(context_));
}

Status Session::run_steps(tenfold_step_fn after, void* user) {
  return check(tenfold_run_steps(context_, after, user));
}

Status Session::read_arena(int64_t offset_bytes, void* data, size_t size_bytes) {
  return check(tenfold_read_arena(context_, offset_bytes, data, size_bytes));
}

tenfold_memory Session::memory() const {
  tenfold_memory memory{};
  tenfold_context_memory(context_, &memory);
  return memory;
}

std::vector<Array> make_arrays(const std::vector<PortInfo>& ports) {
  std::vector<Array> arrays;
  for (const PortInfo& port : ports) arrays.emplace_back(port.type, port.dims);
  return arrays;
}

}  // namespace tenfold::cli
