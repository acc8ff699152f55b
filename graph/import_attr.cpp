#include "graph/import_attr.h"

#include <algorithm>
#include <cmath>

#include "graph/import_tensor.h"
#include "onnx-ml.pb.h"

namespace tenfold::graph {
namespace {

using onnx::AttributeProto;

struct Known {
  const char* name;
  AttributeProto::AttributeType type;
};
constexpr Known known[] = {
    {"allowzero", AttributeProto::INT},
    {"alpha", AttributeProto::FLOAT},
    {"antialias", AttributeProto::INT},
    {"approximate", AttributeProto::STRING},
    {"auto_pad", AttributeProto::STRING},
    {"axes", AttributeProto::INTS},
    {"axis", AttributeProto::INT},
    {"beta", AttributeProto::FLOAT},
    {"bias", AttributeProto::FLOAT},
    {"blocksize", AttributeProto::INT},
    {"ceil_mode", AttributeProto::INT},
    {"coordinate_transformation_mode", AttributeProto::STRING},
    {"count_include_pad", AttributeProto::INT},
    {"cubic_coeff_a", AttributeProto::FLOAT},
    {"dilations", AttributeProto::INTS},
    {"end", AttributeProto::INT},
    {"ends", AttributeProto::INTS},
    {"epsilon", AttributeProto::FLOAT},
    {"exclude_outside", AttributeProto::INT},
    {"fmod", AttributeProto::INT},
    {"gamma", AttributeProto::FLOAT},
    {"group", AttributeProto::INT},
    {"keep_aspect_ratio_policy", AttributeProto::STRING},
    {"keepdims", AttributeProto::INT},
    {"kernel_shape", AttributeProto::INTS},
    {"max", AttributeProto::FLOAT},
    {"min", AttributeProto::FLOAT},
    {"mode", AttributeProto::STRING},
    {"nearest_mode", AttributeProto::STRING},
    {"noop_with_empty_axes", AttributeProto::INT},
    {"num_groups", AttributeProto::INT},
    {"num_outputs", AttributeProto::INT},
    {"offset_group", AttributeProto::INT},
    {"output_padding", AttributeProto::INTS},
    {"output_shape", AttributeProto::INTS},
    {"p", AttributeProto::INT},
    {"pads", AttributeProto::INTS},
    {"perm", AttributeProto::INTS},
    {"scales", AttributeProto::FLOATS},
    {"size", AttributeProto::INT},
    {"spatial", AttributeProto::INT},
    {"split", AttributeProto::INTS},
    {"start", AttributeProto::INT},
    {"starts", AttributeProto::INTS},
    {"storage_order", AttributeProto::INT},
    {"strides", AttributeProto::INTS},
    {"to", AttributeProto::INT},
    {"training_mode", AttributeProto::INT},
    {"transA", AttributeProto::INT},
    {"transB", AttributeProto::INT},
};

Error malformed(std::string rule) {
  return {ErrorCode::invalid_model, std::move(rule)};
}

}  // namespace

Status read_attribute(const AttributeProto& attribute, ExternalData& external, Node& node) {
  constexpr int longest = 4096;
  const std::string& name = attribute.name();
  const auto row = std::ranges::find_if(known, [&](const Known& k) { return name == k.name; });
  if (row != std::end(known) && attribute.type() != row->type)
    return malformed("attribute " + name + " is no " +
                     onnx::AttributeProto_AttributeType_Name(row->type));
  if (attribute.ints_size() > longest || attribute.floats_size() > longest)
    return malformed("attribute " + name + " has over 4096 numbers");
  switch (attribute.type()) {
    case AttributeProto::INT:
      node.attrs[name] = attribute.i();
      break;
    case AttributeProto::FLOAT:
      if (std::isnan(attribute.f())) return malformed("attribute " + name + " is not a number");
      node.attrs[name] = static_cast<double>(attribute.f());
      break;
    case AttributeProto::STRING:
      node.attrs[name] = attribute.s();
      break;
    case AttributeProto::INTS:
      node.attrs[name] = std::vector<int64_t>(attribute.ints().begin(), attribute.ints().end());
      break;
    case AttributeProto::FLOATS:
      node.attrs[name] = std::vector<double>(attribute.floats().begin(), attribute.floats().end());
      break;
    case AttributeProto::TENSOR: {
      TENFOLD_TRY(Array value, read_tensor(attribute.t(), external));
      node.attrs[name] = std::make_shared<const Array>(std::move(value));
      break;
    }
    case AttributeProto::GRAPH:
    case AttributeProto::GRAPHS:
      node.attrs["subgraph"] = name;
      break;
    default:
      break;  // of a kind that no operator of ours has
  }
  return {};
}

}  // namespace tenfold::graph
