#include "graph/fold_pads.h"

#include "graph/edit.h"

namespace tenfold::graph {
namespace {

/// Along one side, with both paddings: a pool has no window that lies in the padding alone.
bool each_window_holds_pixels(const Editor& editor, const Node& pool, const Node& pad,
                              const std::string& side, int dim) {
  const int64_t before = pool.attr_int(dim == 2 ? "pad_top" : "pad_left", 0) +
                         pad.attr_int("begin" + std::to_string(dim), 0),
                reach =
                    pool.attr_int("dilation" + side, 1) * (pool.attr_int("kernel" + side, 1) - 1),
                last = (editor.dims(pool.outputs[0])[dim] - 1) * pool.attr_int("stride" + side, 1);
  return before <= reach && last - before < editor.dims(pad.inputs[0])[dim];
}

bool fold(Editor& editor, int id) {
  Node& node = editor.node(id);
  const bool average = node.op == "avg_pool2d", maximum = node.op == "max_pool2d";
  if (!average && !maximum && node.op != "conv2d" && node.op != "lp_pool2d") return false;
  const int pad_id = editor.maker(node.inputs[0], "pad");
  if (pad_id < 0) return false;
  const Node& pad = editor.node(pad_id);
  const double value = pad.attr_float("value", 0);
  if (pad.attr_int("mode", 0) != 0 || (maximum ? !(value <= -3.4e38) : value != 0)) return false;
  for (const char* outer : {"begin0", "end0", "begin1", "end1"})
    if (pad.attr_int(outer, 0) != 0) return false;
  const auto own = [&node](const char* name) { return node.attr_int(name, 0); };
  const bool own_pads = own("pad_top") + own("pad_left") + own("pad_bottom") - own("ceil_h") +
                            own("pad_right") - own("ceil_w") >
                        0;
  if (average && own_pads && own("count_include_pad") == 0) return false;
  const std::pair<const char*, const char*> sides[] = {
      {"pad_top", "begin2"}, {"pad_left", "begin3"}, {"pad_bottom", "end2"}, {"pad_right", "end3"}};
  if (node.op != "conv2d" && !(each_window_holds_pixels(editor, node, pad, "_h", 2) &&
                               each_window_holds_pixels(editor, node, pad, "_w", 3)))
    return false;
  for (const auto& [mine, theirs] : sides) node.attrs[mine] = own(mine) + pad.attr_int(theirs, 0);
  if (average) node.attrs["count_include_pad"] = int64_t{1};
  std::vector<TensorId> inputs = node.inputs;
  inputs[0] = pad.inputs[0];
  editor.set_inputs(id, std::move(inputs));
  return true;
}

}  // namespace

Status fold_pads(Network& network) {
  Editor editor(network);
  for (int id = 0; id < editor.node_count(); ++id)
    while (fold(editor, id)) {
    }
  return editor.commit();
}

}  // namespace tenfold::graph
