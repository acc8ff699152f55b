#include "graph/convolve_pixels.h"

#include "dsl/stage.h"
#include "graph/edit.h"
#include "graph/fold.h"
#include "graph/window.h"

namespace tenfold::graph {
namespace {

const std::vector<int64_t> channels_first{0, 3, 1, 2};

class Rewriter {
 public:
  explicit Rewriter(Network& network) : editor_(network) {}

  Status run() {
    // What is put in stands behind, and has its turn too.
    for (int id = 0; id < editor_.node_count(); ++id)
      if (editor_.node(id).op == "transpose") rewrite(id);
    return editor_.commit();
  }

 private:
  /// The rows {N*H*W, C} of which a transpose makes a map, or no_tensor.
  TensorId rows_of(const Node& transpose) const {
    const TensorId lines = transpose.inputs[0];
    const int reshape = editor_.maker(lines, "reshape");
    if (reshape < 0 || transpose.attr_ints("perm", {}) != channels_first ||
        !editor_.only_use(lines))
      return no_tensor;
    const TensorId rows = editor_.network().nodes[reshape].inputs[0];
    const bool flat =
        editor_.dims(rows).size() == 2 && editor_.dims(rows).back() == editor_.dims(lines).back();
    return flat && editor_.only_use(rows) ? rows : no_tensor;
  }

  bool copies(const Node& gemm) {
    const Tensor& weights = editor_.tensor(gemm.inputs[1]);
    if (!weights.constant) return false;
    if (editor_.users(gemm.inputs[1]).size() == 1) return true;
    const int64_t elements = weights.constant->elements();
    if (elements > copies_left_) return false;
    copies_left_ -= elements;
    return true;
  }

  void rewrite(int id) {
    const TensorId rows = rows_of(editor_.node(id));
    const int maker = rows == no_tensor ? -1 : editor_.maker(rows);
    if (maker < 0) return;
    Node node = editor_.node(maker);
    const bool gemm = node.op == "gemm";
    const auto stage = dsl::find_stage(node.op);
    const bool function = stage && (*stage)->needs != dsl::StageNeeds::operand;
    if (!(gemm && copies(node)) && !function) return;
    if (gemm) {
      const Array& matrix = *editor_.tensor(node.inputs[1]).constant;
      const Dims kernel{matrix.dims()[0], matrix.dims()[1], 1, 1};
      node.op = "conv2d";
      node.attrs = window_attrs({{1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}});
      node.attrs["groups"] = int64_t{1};
      node.inputs[1] = editor_.add_constant(editor_.tensor(node.inputs[1]).name + "/pixel",
                                            reshape_array(matrix, kernel));
    }
    const TensorId result = editor_.node(id).outputs[0];
    node.inputs[0] = map_of(id, node.inputs[0], editor_.dims(result));
    editor_.set_output(id, computed(Dims(editor_.dims(result))));
    node.outputs = {result};
    editor_.insert(id, std::move(node));
    editor_.erase(id);  // with the reshape, and what made the rows
  }

  /// Rows as a map with these pixels.
  TensorId map_of(int near, TensorId rows,
                  Dims pixels) {  // by value: making a tensor moves the others
    const int64_t channels = editor_.dims(rows)[1];
    const TensorId lines = computed({pixels[0], pixels[2], pixels[3], channels});
    const TensorId map = computed({pixels[0], channels, pixels[2], pixels[3]});
    const std::string name = editor_.node(near).name;
    editor_.insert(near, {"reshape", name, {}, {rows}, {lines}});
    editor_.insert(near, {"transpose", name, {{"perm", channels_first}}, {lines}, {map}});
    return map;
  }

  TensorId computed(Dims dims) {
    const std::string number = std::to_string(editor_.network().tensors.size());
    return editor_.add_computed("pixels" + number, std::move(dims));
  }

  Editor editor_;
  int64_t copies_left_ = most_copied_weights;
};

}  // namespace

Status convolve_pixels(Network& network) {
  return Rewriter(network).run();
}

}  // namespace tenfold::graph
