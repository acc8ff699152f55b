#include "graph/parse_model.h"

#include <fcntl.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/stubs/logging.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "graph/wire_check.h"
#include "onnx-ml.pb.h"

namespace tenfold::graph {
namespace {

/// Messages and strings in a file: large networks have some 100,000.
constexpr int64_t most_elements = 1'000'000;

Error invalid(const char* rule) {
  return {ErrorCode::invalid_model, rule};
}

}  // namespace

Result<int64_t> parse_model(const std::string& path, onnx::ModelProto& model) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return errno == ENOENT ? Error{ErrorCode::not_found, "no such file"}
                           : Error{ErrorCode::io, "cannot be opened"};
  google::protobuf::io::FileInputStream stream(fd);
  stream.SetCloseOnDelete(true);
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return invalid("is no regular file");
  if (status.st_size == 0) return invalid("is empty");
  if (status.st_size > INT_MAX)
    return invalid("is over 2 GiB: protobuf's limit, larger weights go into external data");
  const int bytes = static_cast<int>(status.st_size);
  TENFOLD_CHECK(check_wire(stream, bytes, *onnx::ModelProto::descriptor(), most_elements));
  if (lseek(fd, 0, SEEK_SET) != 0) return Error{ErrorCode::io, "cannot be read twice"};
  google::protobuf::io::FileInputStream again(fd);
  const google::protobuf::LogSilencer silence;  // it would print names that are no UTF-8
  if (!model.ParseFromBoundedZeroCopyStream(&again, bytes))
    return invalid("is no ONNX model, or a truncated one");
  if (!model.has_graph() || model.graph().node_size() == 0) return invalid("has no graph");
  return bytes;
}

}  // namespace tenfold::graph
