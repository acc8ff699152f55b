#include "dsl/inner_chain.h"

#include "dsl/stage.h"

namespace tenfold::dsl {

const std::vector<Stage>& inner_chain(const Task& task, size_t i) {
  static const std::vector<Stage> none;
  return i < task.inner.size() ? task.inner[i] : none;
}

void add_chain_params(std::vector<Param>& params, const std::string& prefix,
                      const std::vector<Stage>& chain, int64_t channels) {
  for (size_t i = 0; i < chain.size(); ++i) {
    const int count = param_count(**find_stage(chain[i].kind));
    const std::string name =
        prefix + chain[i].kind + (i > 0 ? "_" + std::to_string(i + 1) : std::string());
    if (count == 1) params.push_back({name, {channels}});
    if (count == 2) {
      params.push_back({name + "_scale", {channels}});
      params.push_back({name + "_shift", {channels}});
    }
  }
}

void run_inner(const std::vector<Stage>& chain, std::span<const Values>& constants,
               Values& values) {
  const auto channels = static_cast<size_t>(values.dims.back());
  for (const Stage& stage : chain) {
    const StageKind& kind = **find_stage(stage.kind);
    const std::span<const Values> own = constants.first(param_count(kind));
    constants = constants.subspan(own.size());
    for (size_t i = 0; i < values.data.size(); ++i)
      values.data[i] =
          kind.reference(values.data[i], stage.values, own.empty() ? 0 : own[0].data[i % channels],
                         own.size() > 1 ? own[1].data[i % channels] : 0);
  }
}

}  // namespace tenfold::dsl
