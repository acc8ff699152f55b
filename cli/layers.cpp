#include "cli/layers.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "base/buffer_layout.h"
#include "base/task.h"
#include "cli/files.h"

namespace tenfold::cli {
namespace {

using nlohmann::json;

/// The view's elements, dense; feature maps become {N, C, H, W}.
Array gather(const View& view, const float* base) {
  Dims dims = view.dims, strides = view.strides;
  if (dims.size() == 4) {
    dims = {dims[0], dims[3], dims[1], dims[2]};
    strides = {strides[0], strides[3], strides[1], strides[2]};
  }
  Array array(view.type, dims);
  std::vector<int64_t> index(dims.size(), 0);
  for (float& value : array.as<float>()) {
    int64_t at = view.offset;
    for (size_t d = 0; d < dims.size(); ++d) at += index[d] * strides[d];
    value = base[at];
    for (size_t d = dims.size(); d-- > 0 && ++index[d] == dims[d];) index[d] = 0;
  }
  return array;
}

struct Watch {
  Session* session;
  const json* steps;  // the manifest's
  std::vector<Layer> layers;
  Status status;
};

Status keep(Watch& watch, uint32_t index, const tenfold_step& step) {
  const Result<Task> task = parse_task(step.task);
  if (!task || index >= watch.steps->size() || (*watch.steps)[index].value("task", "") != step.task)
    return Error{ErrorCode::corrupt,
                 std::string("manifest.json: step '") + step.name + "' is not the library's"};
  const View& view = task->outputs[0];
  const tenfold_operand& operand = step.operands[step.operand_count - task->outputs.size()];
  const std::string tensor = (*watch.steps)[index].value("tensor", "");
  if (operand.home != TENFOLD_HOME_ARENA || view.type != DType::f32 || tensor.empty()) return {};
  std::vector<float> bytes(static_cast<size_t>(end_element(view)));
  TENFOLD_CHECK(
      watch.session->read_arena(operand.offset_bytes, bytes.data(), bytes.size() * sizeof(float)));
  watch.layers.push_back({tensor, gather(view, bytes.data())});
  return {};
}

}  // namespace

Result<std::vector<Layer>> run_layers(Session& session, const std::string& folder) {
  const std::string path = folder + "/manifest.json";
  TENFOLD_TRY(const FileView file, FileView::open(path));
  const json manifest = json::parse(file.bytes(), nullptr, false);
  json steps = json::array();
  if (manifest.is_object())
    for (const json& variant : manifest.value("variants", json::array()))
      if (variant.value("target", "") == session.target())
        steps = variant.value("steps", json::array());
  if (steps.empty())
    return Error{ErrorCode::corrupt, path + ": lists no steps for " + session.target()};

  Watch watch{&session, &steps, {}, {}};
  TENFOLD_CHECK(session.run_steps(
      [](void* user, uint32_t index, const tenfold_step* step, int64_t) {
        Watch& seen = *static_cast<Watch*>(user);
        if (seen.status) seen.status = keep(seen, index, *step);
      },
      &watch));
  TENFOLD_CHECK(watch.status);
  return std::move(watch.layers);
}

}  // namespace tenfold::cli
