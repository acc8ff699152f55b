#include "graph/wire_check.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <string>

namespace tenfold::graph {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

constexpr int deepest = 100;  // protobuf's own limit

class Walk {
 public:
  Walk(google::protobuf::io::CodedInputStream& in, int64_t most) : in_(in), most_(most) {}

  /// Reads fields up to the stream's current limit.
  Status message(const Descriptor& type, int depth) {
    if (depth > deepest) return malformed();
    while (const uint32_t tag = in_.ReadTag()) {
      if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
        if (!WireFormatLite::SkipField(&in_, tag)) return malformed();
        if (!type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag))) TENFOLD_CHECK(count());
        continue;
      }
      uint32_t length = 0;
      if (!in_.ReadVarint32(&length) || length > INT32_MAX) return malformed();
      const FieldDescriptor* field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      const bool packed = field && field->is_packable();
      if (!packed) TENFOLD_CHECK(count());
      if (field && field->type() == FieldDescriptor::TYPE_MESSAGE) {
        const auto outer = in_.PushLimit(static_cast<int>(length));
        TENFOLD_CHECK(message(*field->message_type(), depth + 1));
        if (in_.BytesUntilLimit() != 0) return malformed();
        in_.PopLimit(outer);
      } else if (!in_.Skip(static_cast<int>(length))) {
        return malformed();
      }
    }
    return in_.ConsumedEntireMessage() ? Status() : malformed();
  }

 private:
  Status count() {
    if (++count_ <= most_) return {};
    return Error{ErrorCode::invalid_model, "has more than " + std::to_string(most_) +
                                               " nodes, tensors, attributes and names"};
  }

  static Error malformed() {
    return {ErrorCode::invalid_model, "is no ONNX model, or a truncated one"};
  }

  google::protobuf::io::CodedInputStream& in_;
  int64_t most_;
  int64_t count_ = 0;
};

}  // namespace

Status check_wire(google::protobuf::io::ZeroCopyInputStream& stream, int bytes,
                  const Descriptor& type, int64_t most) {
  google::protobuf::io::CodedInputStream in(&stream);
  in.PushLimit(bytes);
  return Walk(in, most).message(type, 0);
}

}  // namespace tenfold::graph
