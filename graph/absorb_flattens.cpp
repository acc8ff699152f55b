#include "graph/absorb_flattens.h"

#include <algorithm>

#include "graph/layout.h"
#include "graph/links.h"
#include "graph/reorder.h"
#include "graph/uses.h"

namespace tenfold::graph {
namespace {

bool feeds_gemms_alone(const Network& network, const Uses& uses, TensorId tensor) {
  return !uses.is_output[tensor] && !uses.readers[tensor].empty() &&
         std::ranges::all_of(uses.readers[tensor], [&](int reader) {
           const Node& node = network.nodes[reader];
           return node.op == "gemm" && node.inputs[0] == tensor &&
                  network.tensors[node.inputs[1]].constant;
         });
}

}  // namespace

Status absorb_flattens(Network& network) {
  const Uses uses = find_uses(network);
  const Links links = find_links(network, uses);
  const std::vector<char> row_major = find_row_major(network, uses);
  for (Node& node : network.nodes) {
    if (node.op != "flatten" && node.op != "reshape") continue;
    const TensorId input = node.inputs[0], output = node.outputs[0];
    const Dims& from = network.tensors[input].dims;
    const Dims& to = network.tensors[output].dims;
    if (from.size() != 4 || to.size() != 2 || to[0] != from[0]) continue;
    const int64_t channels = from[1], pixels = from[2] * from[3];
    if (channels == 1 || pixels == 1) continue;  // a view already
    if (uses.maker[input] < 0 || uses.is_output[input] || row_major[input] ||
        links.of[input].kind != Link::none || !feeds_gemms_alone(network, uses, output))
      continue;
    // A gather by channel of a reshape would be a view of something else than NHWC memory.
    const std::string& maker = network.nodes[uses.maker[input]].op;
    if (maker == "reshape" || maker == "flatten" || maker == "transpose") continue;

    std::vector<int64_t> order(static_cast<size_t>(channels * pixels));
    for (int64_t p = 0; p < pixels; ++p)
      for (int64_t c = 0; c < channels; ++c) order[p * channels + c] = c * pixels + p;
    node.attrs["memory_order"] = int64_t{1};
    for (int reader : uses.readers[output]) {
      const TensorId weights = network.nodes[reader].inputs[1];
      Array reordered = permuted(*network.tensors[weights].constant, 1, order);
      network.nodes[reader].inputs[1] = add_reordered(network, weights, std::move(reordered));
    }
  }
  return check(network);
}

}  // namespace tenfold::graph
