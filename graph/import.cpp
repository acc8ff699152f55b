#include "graph/import.h"

#include <algorithm>
#include <cctype>
#include <new>
#include <optional>
#include <set>
#include <unordered_map>

#include "graph/convert.h"
#include "graph/edit.h"
#include "graph/import_attr.h"
#include "graph/import_tensor.h"
#include "graph/infer.h"
#include "graph/parse_model.h"
#include "onnx-ml.pb.h"

namespace tenfold::graph {
namespace {

constexpr int64_t oldest_opset = 7, newest_opset = 28;

/// A dim's name that says that equal names are equal extents; exporters also write "?" and "None"
/// for anything.
bool is_symbol(const std::string& name) {
  return !name.empty() && name != "None" &&
         (std::isalpha(static_cast<unsigned char>(name[0])) || name[0] == '_');
}

/// A line for the user: control characters, which a file may put into its names, are shown as '?'.
std::string printable(std::string text) {
  constexpr size_t longest = 600;
  if (text.size() > longest) text = text.substr(0, longest) + "...";
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

class Importer {
 public:
  Importer(const std::string& path, const ImportOptions& options)
      : path_(path), options_(options), external_(path) {
    network_.file = path;
  }

  Result<Network> run() {
    TENFOLD_CHECK(parse());
    TENFOLD_CHECK(check_opset());
    TENFOLD_CHECK(read_initializers());
    TENFOLD_CHECK(read_inputs());
    TENFOLD_CHECK(read_nodes());
    TENFOLD_CHECK(read_outputs());
    if (const std::optional<int> cyclic = sort_nodes(network_))
      return fail("node '" + network_.nodes[*cyclic].name + "' (" + network_.nodes[*cyclic].op +
                  ") stands on a cycle");
    remove_dead_nodes(network_);
    TENFOLD_CHECK(bind_inputs());
    InferOptions infer_options;
    read_declared_shapes(infer_options);
    model_.Clear();
    infer_options.fold_bytes = std::max(infer_options.fold_bytes, 4 * file_bytes_);
    TENFOLD_CHECK(infer(network_, infer_options));
    remove_dead_nodes(network_);
    TENFOLD_CHECK(check_outputs());
    return std::move(network_);
  }

 private:
  Error fail(const std::string& rule, ErrorCode code = ErrorCode::invalid_model) const {
    return {code, network_.file + ": " + rule};
  }

  Status parse() {
    const Result<int64_t> bytes = parse_model(path_, model_);
    if (!bytes) return fail(bytes.error().message, bytes.error().code);
    file_bytes_ = *bytes;
    return {};
  }

  Status check_opset() {
    for (const auto& import : model_.opset_import())
      if (import.domain().empty() || import.domain() == "ai.onnx")
        network_.opset = import.version();
    if (network_.opset < oldest_opset || network_.opset > newest_opset)
      return fail("opset " + std::to_string(network_.opset) + ": tenfold reads opsets 7 to 28",
                  ErrorCode::unsupported);
    return {};
  }

  /// The id of a named tensor, made when it is new.
  TensorId tensor(const std::string& name) {
    const auto [found, is_new] =
        ids_.try_emplace(name, static_cast<TensorId>(network_.tensors.size()));
    if (is_new) network_.add_tensor({printable(name), DType::f32, {}, false, nullptr});
    return found->second;
  }

  Status define(TensorId id, const std::string& by) {
    made_by_.resize(network_.tensors.size());
    if (!made_by_[id].empty())
      return fail("'" + network_.tensors[id].name + "' is made twice: by " + made_by_[id] +
                  " and by " + by);
    made_by_[id] = by;
    return {};
  }

  Status read_initializers() {
    for (onnx::TensorProto& proto : *model_.mutable_graph()->mutable_initializer()) {
      const TensorId id = tensor(proto.name());
      TENFOLD_CHECK(define(id, "an initializer"));
      Result<Array> value = read_tensor(proto, external_);
      proto.Clear();  // weights are in memory once
      const std::string what = "initializer '" + network_.tensors[id].name + "'";
      if (!value && value.error().code == ErrorCode::unsupported) {
        refused_.emplace(id, value.error().message);
        continue;
      }
      if (!value) return fail(what + ": " + value.error().message, value.error().code);
      set_constant(id, *std::move(value));
    }
    model_.mutable_graph()->clear_initializer();
    for (const auto& sparse : model_.graph().sparse_initializer()) {
      const TensorId id = tensor(sparse.values().name());
      TENFOLD_CHECK(define(id, "a sparse initializer"));
      refused_.emplace(id, "a sparse tensor");
    }
    return {};
  }

  void set_constant(TensorId id, Array value) {
    Tensor& made = network_.tensors[id];
    made.type = value.type();
    made.dims = value.dims();
    made.shape_known = true;
    made.constant = std::make_shared<const Array>(std::move(value));
  }

  Status read_inputs() {
    for (const onnx::ValueInfoProto& proto : model_.graph().input()) {
      const TensorId id = tensor(proto.name());
      made_by_.resize(network_.tensors.size());
      if (made_by_[id].find("initializer") != std::string::npos)
        continue;  // before IR 4 weights stand among the inputs
      TENFOLD_CHECK(define(id, "an input"));
      Tensor& input = network_.tensors[id];
      const auto& type = proto.type().tensor_type();
      if (!proto.type().has_tensor_type() || type.shape().dim_size() > 32)
        return fail("input '" + input.name + "' is no tensor");
      const int element = type.elem_type();
      if (element != onnx::TensorProto::FLOAT && element != onnx::TensorProto::FLOAT16)
        refused_.emplace(id, "element type " +
                                 (onnx::TensorProto_DataType_IsValid(element)
                                      ? onnx::TensorProto_DataType_Name(
                                            static_cast<onnx::TensorProto_DataType>(element))
                                      : std::to_string(element)) +
                                 ": inputs are float32 or float16");
      for (const auto& dim : type.shape().dim()) {
        input.dims.push_back(dim.has_dim_value() && dim.dim_value() > 0 ? dim.dim_value() : -1);
        symbols_[id].push_back(is_symbol(dim.dim_param()) ? dim.dim_param() : "");
      }
      has_shape_[id] = type.has_shape();
      network_.inputs.push_back(id);
    }
    return {};
  }

  Status read_nodes() {
    for (const onnx::NodeProto& proto : model_.graph().node()) {
      const bool onnx_own = proto.domain().empty() || proto.domain() == "ai.onnx";
      Node node;
      node.op = printable(onnx_own ? proto.op_type() : proto.domain() + "." + proto.op_type());
      ++network_.onnx_ops[node.op];
      node.name = printable(proto.name());
      for (const std::string& name : proto.input())
        node.inputs.push_back(name.empty() ? no_tensor : tensor(name));
      for (const std::string& name : proto.output()) {
        node.outputs.push_back(name.empty() ? no_tensor : tensor(name));
        if (node.name.empty()) node.name = printable(name);
      }
      for (TensorId id : node.outputs)
        if (id != no_tensor) TENFOLD_CHECK(define(id, "node '" + node.name + "'"));
      while (!node.inputs.empty() && node.inputs.back() == no_tensor) node.inputs.pop_back();
      for (const onnx::AttributeProto& attribute : proto.attribute()) {
        const Status read = read_attribute(attribute, external_, node);
        if (!read && read.error().code != ErrorCode::unsupported)
          return at_node(network_, node, read.error());
        if (!read) node.attrs["subgraph"] = attribute.name();
      }
      if (node.op == "Constant") {
        TENFOLD_CHECK(read_constant(node));
      } else {
        network_.nodes.push_back(std::move(node));
      }
    }
    made_by_.resize(network_.tensors.size());
    for (const Node& node : network_.nodes)
      for (TensorId id : node.inputs)
        if (id != no_tensor && made_by_[id].empty())
          return fail("node '" + node.name + "' (" + node.op + ") reads '" +
                      network_.tensors[id].name + "', which nothing makes");
    return {};
  }

  Status read_constant(const Node& node) {
    if (node.outputs.size() != 1 || node.outputs[0] == no_tensor)
      return at_node(network_, node, {ErrorCode::invalid_model, "has not one output"});
    const TensorId id = node.outputs[0];
    for (const auto& [name, value] : node.attrs) {
      if (const auto* array = std::get_if<std::shared_ptr<const Array>>(&value)) {
        Tensor& made = network_.tensors[id];
        made = {made.name, (*array)->type(), (*array)->dims(), true, *array};
      } else if (name == "value_float" && std::holds_alternative<double>(value)) {
        set_constant(id, from_doubles(DType::f32, {}, {std::get<double>(value)}));
      } else if (name == "value_int" && std::holds_alternative<int64_t>(value)) {
        set_constant(id, from_ints(DType::i64, {}, {std::get<int64_t>(value)}));
      } else if (const auto* floats = std::get_if<std::vector<double>>(&value)) {
        set_constant(id, from_doubles(DType::f32, {static_cast<int64_t>(floats->size())}, *floats));
      } else if (const auto* ints = std::get_if<std::vector<int64_t>>(&value)) {
        set_constant(id, from_ints(DType::i64, {static_cast<int64_t>(ints->size())}, *ints));
      }
    }
    if (!network_.tensors[id].constant)
      refused_.emplace(id, "a constant that is no dense tensor of numbers");
    return {};
  }

  Status read_outputs() {
    std::vector<std::string> names = options_.outputs;
    if (names.empty())
      for (const auto& output : model_.graph().output()) names.push_back(output.name());
    if (names.empty()) return fail("has no outputs");
    std::set<TensorId> listed;
    for (const std::string& name : names) {
      const auto found = ids_.find(name);
      const bool asked = !options_.outputs.empty();
      if (found == ids_.end() || made_by_[found->second].empty())
        return asked ? fail("has no tensor '" + printable(name) + "' to keep as an output",
                            ErrorCode::invalid_argument)
                     : fail("output '" + printable(name) + "' is made by nothing");
      if (!listed.insert(found->second).second)
        return fail("output '" + printable(name) + "' is listed twice");
      network_.outputs.push_back(found->second);
    }
    return {};
  }

  /// Drops unused inputs, and gives the others the shapes of the options.
  Status bind_inputs() {
    std::vector<char> read(network_.tensors.size(), 0);
    for (const Node& node : network_.nodes)
      for (TensorId id : node.inputs)
        if (id != no_tensor) read[id] = 1;
    for (TensorId id : network_.outputs) read[id] = 1;
    for (const auto& [name, dims] : options_.shapes) {
      const auto found = ids_.find(name);
      if (found == ids_.end() ||
          std::ranges::find(network_.inputs, found->second) == network_.inputs.end())
        return fail("has no input '" + name + "' to give a shape to", ErrorCode::invalid_argument);
      TENFOLD_CHECK(bind(found->second, dims));
    }
    std::erase_if(network_.inputs, [&](TensorId id) { return !read[id]; });
    for (const auto& [id, rule] : refused_)
      if (read[id])
        network_.unsupported.push_back(
            {network_.tensors[id].name, made_by_[id] == "an input" ? "input" : "constant", rule});
    std::map<std::string, int64_t> symbols;
    for (TensorId id : network_.inputs)
      for (size_t i = 0; i < network_.tensors[id].dims.size(); ++i) {
        const int64_t extent = network_.tensors[id].dims[i];
        const std::string& symbol = symbols_[id][i];
        if (extent < 0 || symbol.empty()) continue;
        if (symbols.try_emplace(symbol, extent).first->second != extent)
          return fail("the inputs' shapes disagree on '" + printable(symbol) + "'",
                      ErrorCode::invalid_argument);
      }
    for (TensorId id : network_.inputs) {
      Tensor& input = network_.tensors[id];
      if (!has_shape_[id] && input.dims.empty())
        return fail(
            "input '" + input.name + "' has no shape: bind it with --shape " + input.name + "=...",
            ErrorCode::invalid_argument);
      for (size_t i = 0; i < input.dims.size(); ++i) {
        const std::string& symbol = symbols_[id][i];
        if (input.dims[i] < 0 && symbols.contains(symbol)) input.dims[i] = symbols[symbol];
        if (input.dims[i] < 0)
          return fail("dimension " + std::to_string(i) +
                          (symbol.empty() ? "" : " ('" + printable(symbol) + "')") + " of input '" +
                          input.name + "' is unbound: give its shape with --shape " + input.name +
                          "=...",
                      ErrorCode::invalid_argument);
      }
      const Result<int64_t> elements = volume(input.dims);
      if (!elements || *elements > int64_t{1} << 34)
        return fail(
            "input '" + input.name + "' of shape " + to_string(input.dims) + " is too large",
            ErrorCode::invalid_shape);
      input.shape_known = !refused_.contains(id);
    }
    return {};
  }

  Status bind(TensorId id, const Dims& dims) {
    Tensor& input = network_.tensors[id];
    const auto wrong = [&](const std::string& rule) {
      return fail("input '" + input.name + "': the shape " + to_string(dims) + " " + rule,
                  ErrorCode::invalid_argument);
    };
    if (std::ranges::any_of(dims, [](int64_t extent) { return extent < 1; }))
      return wrong("has an extent below 1");
    if (dims.size() > 32) return wrong("has too many dims");
    if (has_shape_[id]) {
      if (dims.size() != input.dims.size())
        return wrong("is not of rank " + std::to_string(input.dims.size()));
      for (size_t i = 0; i < dims.size(); ++i)
        if (input.dims[i] >= 0 && input.dims[i] != dims[i])
          return wrong("contradicts the model, where dimension " + std::to_string(i) + " is " +
                       std::to_string(input.dims[i]));
    }
    symbols_[id].resize(dims.size());
    input.dims = dims;
    return {};
  }

  void read_declared_shapes(InferOptions& infer_options) const {
    const auto note = [&](const onnx::ValueInfoProto& proto) {
      const auto found = ids_.find(proto.name());
      const auto& type = proto.type().tensor_type();
      if (found == ids_.end() || type.elem_type() != onnx::TensorProto::FLOAT ||
          type.shape().dim_size() > 32)
        return;
      Dims dims;
      for (const auto& dim : type.shape().dim()) {
        if (dim.dim_value() < 1) return;
        dims.push_back(dim.dim_value());
      }
      if (const Result<int64_t> elements = volume(dims); elements && *elements <= int64_t{1} << 34)
        infer_options.declared[found->second] = std::move(dims);
    };
    for (const auto& proto : model_.graph().value_info()) note(proto);
    for (const auto& proto : model_.graph().output()) note(proto);
  }

  Status check_outputs() {
    for (TensorId id : network_.outputs) {
      const Tensor& output = network_.tensors[id];
      const bool computed = !output.constant && made_by_[id] != "an input";
      if (output.shape_known && output.type != DType::f32 && !(computed && (output.type == DType::i64 || output.type == DType::i32)))
        network_.unsupported.push_back({output.name, "output", "is not float32"});
    }
    return {};
  }

  std::string path_;
  const ImportOptions& options_;
  ExternalData external_;
  onnx::ModelProto model_;
  int64_t file_bytes_ = 0;
  Network network_;
  std::unordered_map<std::string, TensorId> ids_;
  std::vector<std::string> made_by_;                      // by tensor; empty: nothing
  std::map<TensorId, std::vector<std::string>> symbols_;  // of an input's dims
  std::map<TensorId, bool> has_shape_;
  std::map<TensorId, std::string> refused_;  // inputs and constants of an element type we lack
};

}  // namespace

Result<Network> import_onnx(const std::string& path, const ImportOptions& options) {
  try {
    Result<Network> network = Importer(path, options).run();
    if (!network) return Error{network.error().code, printable(network.error().message)};
    for (Unsupported& entry : network->unsupported) entry.rule = printable(entry.rule);
    return network;
  } catch (const std::bad_alloc&) {  // protobuf's, for one
    return Error{ErrorCode::io, path + ": there is no memory for it"};
  }
}

}  // namespace tenfold::graph
