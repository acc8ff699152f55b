// What a protobuf message would become in memory, looked at before it is parsed.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace google::protobuf {
class Descriptor;
namespace io {
class ZeroCopyInputStream;
}
}  // namespace google::protobuf

namespace tenfold::graph {

/// Walks the `bytes` of a serialised message and counts its messages, strings and unknown fields,
/// which cost two bytes in a file and up to some 200 in memory. Errors: invalid_model for more than
/// `most` of them, for a nesting deeper than protobuf's own limit and for what is no message.
Status check_wire(google::protobuf::io::ZeroCopyInputStream& stream, int bytes,
                  const google::protobuf::Descriptor& type, int64_t most);

}  // namespace tenfold::graph
