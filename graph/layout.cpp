#include "graph/layout.h"

#include <algorithm>
#include <map>
#include <ranges>

#include "base/buffer_layout.h"
#include "dsl/stage.h"
#include "graph/halos.h"
#include "graph/links.h"
#include "graph/strides.h"

namespace tenfold::graph {
namespace {

int64_t round_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

int64_t pixel_stride(int64_t channels, const LayoutRule& rule) {
  int64_t stride = channels;
  const int64_t aligned = round_up(channels, rule.pixel_align);
  if (static_cast<double>(aligned - channels) <= rule.pixel_slack * static_cast<double>(channels))
    stride = aligned;
  if (stride % rule.conflict_stride == 0) stride += rule.conflict_pad;
  return stride;
}

/// {N, C, H, W} as {N, H, W, C}.
Array channels_last(const Array& map) {
  const Dims& d = map.dims();
  Array made(map.type(), {d[0], d[2], d[3], d[1]});
  const int64_t pixels = d[2] * d[3];
  const auto from = map.as<float>();
  const auto to = made.as<float>();
  for (int64_t n = 0; n < d[0]; ++n)
    for (int64_t c = 0; c < d[1]; ++c)
      for (int64_t p = 0; p < pixels; ++p)
        to[(n * pixels + p) * d[1] + c] = from[(n * d[1] + c) * pixels + p];
  return made;
}

bool is_window_op(const Node& node) {
  return node.op.find("2d") != std::string::npos || node.op == "lrn" ||
         node.op == "channel_shuffle";
}

bool is_row_major(const Network& network, const Uses& uses, const std::vector<char>& row_major,
                  const Node& maker, TensorId tensor) {
  if (in_model_order(maker)) return true;
  const TensorId input = maker.inputs[0];
  if (maker.op == "reshape" || maker.op == "flatten") {
    if (!has_common_cut(network.tensors[input].dims, network.tensors[tensor].dims))
      return true;  // no way to copy into NHWC
  }
  const auto reads = [&](auto&& kind) {
    return std::ranges::any_of(uses.readers[tensor],
                               [&](int id) { return kind(network.nodes[id]); });
  };
  if (reads(in_model_order)) return true;
  return (maker.op == "softmax" || dsl::find_stage(maker.op)) && row_major[input] &&
         !reads(is_window_op);
}

class Builder {
 public:
  Builder(const Network& network, const Uses& uses, const LayoutRule& rule)
      : network_(network),
        uses_(uses),
        rule_(rule),
        links_(find_links(network, uses)),
        halos_(find_halos(network, uses, links_, rule)),
        row_major_(find_row_major(network, uses)) {
    assert(links_.copies.empty());
    layout_.places.resize(network.tensors.size());
    layout_.free_node.assign(network.nodes.size(), 0);
    for (const auto* ports : {&network.outputs, &network.inputs})  // an input that is both is one
      for (size_t i = 0; i < ports->size(); ++i) ports_[(*ports)[i]] = static_cast<int>(i);
  }

  Result<Layout> run() {
    for (TensorId input : network_.inputs) place(input);
    // A part of what a later node makes stands there: what it is a part of goes first, however
    // deep.
    for (const Node& node : network_.nodes | std::views::reverse)
      for (TensorId output : node.outputs)
        if (links_.of[output].kind != Link::none && links_.of[output].kind != Link::view)
          place(output);
    for (const Node& node : network_.nodes)
      for (TensorId output : node.outputs) place(output);
    for (const Node& node : network_.nodes)
      for (TensorId input : node.inputs)
        if (network_.tensors[input].constant && reads_in_place(node)) place(input);
    for (size_t id = 0; id < network_.nodes.size(); ++id) {
      const Node& node = network_.nodes[id];
      if (node.op == "concat" || node.op == "interleave" ||
          (node.op == "slice" && slice_is_view(node)))
        layout_.free_node[id] = 1;
    }
    for (size_t t = 0; t < network_.tensors.size(); ++t) {
      const Tensor& tensor = network_.tensors[t];
      if (layout_.places[t].root >= 0 && tensor.type != DType::f32)
        return Error{ErrorCode::unsupported, network_.file + ": tensor '" + tensor.name + "' is " +
                                                 to_string(tensor.type) + "; only f32 is computed"};
    }
    return std::move(layout_);
  }

 private:
  const Dims& dims(TensorId tensor) const { return network_.tensors[tensor].dims; }

  const Place& place(TensorId tensor) {
    Place& found = layout_.places[tensor];
    if (found.root >= 0) return found;
    Place made = find_place(tensor);
    return layout_.places[tensor] = std::move(made);
  }

  Place find_place(TensorId tensor) {
    const Link& link = links_.of[tensor];
    switch (link.kind) {
      case Link::concat_slice: {
        Dims starts(dims(tensor).size(), 0);
        starts[link.axis] = link.offset;
        Place made = box(place(link.parent), starts, dims(tensor));
        made.view.strides[view_dim(starts.size(), link.axis)] *= link.step;
        return made;
      }
      case Link::view:
        return box(place(link.parent),
                   network_.nodes[link.node].attr_ints("starts", Dims(dims(tensor).size(), 0)),
                   dims(tensor));
      case Link::reshape_into:
        return reshape_of(link.parent, tensor, link.node).value();
      case Link::transpose_into:
        return transposed(place(link.parent), tensor, inverse_perm(network_.nodes[link.node]),
                          link.node);
      case Link::none:
        break;
    }
    if (auto alias = alias_of_input(tensor)) return *alias;
    return own_root(tensor);
  }

  // Boxes ------------------------------------------------------------------------------------

  static Place box(const Place& parent, const Dims& starts, const Dims& extents) {
    Place result = parent;
    View& view = result.view;
    const size_t rank = extents.size();
    for (size_t d = 0; d < rank; ++d) {
      const int at = view_dim(rank, static_cast<int>(d));
      view.offset += starts[d] * view.strides[at];
      if (rank == 4 && d >= 2 && view.dims[at] != extents[d])
        view.halo = {};  // its border is inside the map
      view.dims[at] = extents[d];
    }
    return result;
  }

  // Reshapes and transposes that are views -------------------------------------------------------

  std::optional<Place> reshape_of(TensorId from, TensorId to, int node) {
    const Place& source = place(from);
    const auto strides =
        reshaped_strides(dims(from), to_model_order(source.view.strides), dims(to));
    if (!strides) return std::nullopt;
    layout_.free_node[node] = 1;
    return view_at(source, dims(to), *strides);
  }

  // Flattened as NHWC memory has it; absorb_orders has seen to the reader.
  Place memory_order_flatten(TensorId from, TensorId to, int node) {
    const Place& source = place(from);
    layout_.free_node[node] = 1;
    return view_at(source, dims(to), {source.view.strides[0], 1});
  }

  static Place view_at(const Place& source, const Dims& model_dims, const Dims& model_strides) {
    Place result = source;
    result.view.dims = to_view_order(model_dims);
    result.view.strides = to_view_order(model_strides);
    result.view.halo = {};
    return result;
  }

  // Dim i of the tensor is dim perm[i] of the source.
  Place transposed(const Place& source, TensorId tensor, const std::vector<int64_t>& perm,
                   int node) {
    const Dims strides = to_model_order(source.view.strides);
    Dims result(perm.size());
    for (size_t i = 0; i < perm.size(); ++i) result[i] = strides[perm[i]];
    layout_.free_node[node] = 1;
    return view_at(source, dims(tensor), result);
  }

  static std::vector<int64_t> inverse_perm(const Node& node) {
    const auto perm = node.attr_ints("perm", {});
    std::vector<int64_t> result(perm.size());
    for (size_t i = 0; i < perm.size(); ++i) result[perm[i]] = static_cast<int64_t>(i);
    return result;
  }

  std::optional<Place> alias_of_input(TensorId tensor) {
    const int id = uses_.maker[tensor];
    if (id < 0 || uses_.is_output[tensor]) return std::nullopt;
    const Node& node = network_.nodes[id];
    const bool reshapes = node.op == "reshape" || node.op == "flatten";
    if (!reshapes && node.op != "transpose") return std::nullopt;
    const TensorId input = node.inputs[0];
    if (node.attr_int("memory_order", 0)) return memory_order_flatten(input, tensor, id);

    std::optional<Place> alias =
        reshapes ? reshape_of(input, tensor, id)
                 : transposed(place(input), tensor, node.attr_ints("perm", {}), id);
    if (alias && !needs_unit_dim(alias->view) &&
        (uses_.is_input[input] || reads_well(*alias, tensor)))
      return alias;
    layout_.free_node[id] = 0;
    return std::nullopt;
  }

  // Windows over feature maps want channels side by side; others take any strides.
  bool reads_well(const Place& alias, TensorId tensor) const {
    if (dims(tensor).size() != 4 || alias.view.strides[3] == 1 || dims(tensor)[1] == 1) return true;
    return std::ranges::none_of(uses_.readers[tensor],
                                [&](int reader) { return is_window_op(network_.nodes[reader]); });
  }

  // Roots ------------------------------------------------------------------------------------

  Place own_root(TensorId tensor) {
    const Tensor& owner = network_.tensors[tensor];
    if (owner.constant) return constant_root(tensor);
    Root root{owner.name, Home::arena, 0, 0, 0, nullptr};
    View view;
    if (uses_.is_input[tensor] || uses_.is_output[tensor]) {
      root.home = uses_.is_input[tensor] ? Home::input : Home::output;
      root.port = ports_.at(tensor);
      view = model_view(owner);
      root.size_bytes = *volume(owner.dims) * size_bytes(owner.type);
    } else if (owner.dims.size() == 4 && !row_major_[tensor]) {
      const Dims& d = owner.dims;
      const bool dense = feeds_memory_order(tensor);
      view =
          feature_map_view(d[0], d[2], d[3], d[1], dense ? Halo{} : halos_[tensor], dense, rule_);
      // Whole pixels to the end, so that a vector may read what stands between C and the pixel
      // stride.
      root.size_bytes = (end_element(view) - d[1] + view.strides[2]) * size_bytes(owner.type);
    } else {
      view = model_view(owner);
      root.size_bytes = *volume(owner.dims) * size_bytes(owner.type);
    }
    layout_.roots.push_back({root, tensor});
    return {static_cast<int>(layout_.roots.size()) - 1, std::move(view)};
  }

  Place constant_root(TensorId tensor) {
    const Tensor& owner = network_.tensors[tensor];
    const bool as_map = owner.type == DType::f32 && owner.dims.size() == 4 &&
                        std::ranges::none_of(uses_.readers[tensor], [&](int reader) {
                          return in_model_order(network_.nodes[reader]);
                        });
    Root root{owner.name, Home::constant, 0, owner.constant->size_bytes(), 0, owner.constant};
    if (as_map) root.values = std::make_shared<const Array>(channels_last(*owner.constant));
    layout_.roots.push_back({std::move(root), tensor});
    return {static_cast<int>(layout_.roots.size()) - 1,
            as_map ? dense_view(owner.type, to_view_order(owner.dims)) : model_view(owner)};
  }

  static View model_view(const Tensor& tensor) {
    View view = dense_view(tensor.type, tensor.dims);
    view.dims = to_view_order(view.dims);
    view.strides = to_view_order(view.strides);
    return view;
  }

  bool feeds_memory_order(TensorId tensor) const {
    return std::ranges::any_of(uses_.readers[tensor], [&](int reader) {
      return network_.nodes[reader].attr_int("memory_order", 0) != 0;
    });
  }

  const Network& network_;
  const Uses& uses_;
  const LayoutRule& rule_;
  const Links links_;
  const std::vector<Halo> halos_;
  std::map<TensorId, int> ports_;  // of the network's inputs and outputs
  const std::vector<char> row_major_;
  Layout layout_;
};

}  // namespace

bool in_model_order(const Node& node) {
  return node.op == "matmul" || node.op == "layer_norm";
}

bool reads_in_place(const Node& node) {
  const auto stage = dsl::find_stage(node.op);
  return node.op == "map" || node.op == "matmul" ||
         (stage && (*stage)->needs == dsl::StageNeeds::operand);
}

std::vector<char> find_row_major(const Network& network, const Uses& uses) {
  std::vector<char> row_major(network.tensors.size(), 0);
  for (const Node& node : network.nodes)
    for (TensorId output : node.outputs)
      row_major[output] = is_row_major(network, uses, row_major, node, output);
  return row_major;
}

View feature_map_view(int64_t n, int64_t h, int64_t w, int64_t c, const Halo& halo, bool dense,
                      const LayoutRule& rule) {
  const bool one_pixel = n * (h + halo.top + halo.bottom) * (w + halo.left + halo.right) == 1;
  const int64_t pixel = dense || one_pixel ? c : pixel_stride(c, rule);
  const int64_t row = pixel * (w + halo.left + halo.right);
  const int64_t image = row * (h + halo.top + halo.bottom);
  // The first pixel lies at a multiple of 64 bytes.
  const int64_t offset = round_up(halo.top * row + halo.left * pixel, 16);
  return {DType::f32, {n, h, w, c}, {image, row, pixel, 1}, offset, halo};
}

Result<Layout> lay_out(const Network& network, const Uses& uses, const LayoutRule& rule) {
  return Builder(network, uses, rule).run();
}

}  // namespace tenfold::graph
