#include "graph/passes.h"

#include "graph/lower.h"

namespace tenfold::graph {
namespace {

struct Pass {
  const char* name;
  Status (*run)(Network&);
};

constexpr Pass passes[] = {
    {"lower", lower},
};

}  // namespace

std::vector<Unsupported> find_unsupported(const Network& network) { return network.unsupported; }

Status run_passes(Network& network) {
  if (const std::vector<Unsupported> list = find_unsupported(network); !list.empty()) {
    const std::string others = list.size() > 1 ? " (and " + std::to_string(list.size() - 1) + " more: tenfold inspect lists them)" : "";
    return Error{ErrorCode::unsupported, network.file + ": node '" + list[0].node + "' (" + list[0].op + "): " + list[0].rule + others};
  }
  for (const Pass& pass : passes) TENFOLD_CHECK(pass.run(network));
  return {};
}

}  // namespace tenfold::graph
