#include "cli/layers.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/buffer_layout.h"
#include "base/task.h"
#include "cli/files.h"

namespace tenfold::cli {
namespace {

using nlohmann::json;

/// The view's elements, dense, in the view's own order.
Array gather(const View& view, const float* base) {
  const Dims &dims = view.dims, &strides = view.strides;
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

struct Named {
  std::string task, tensor;
};

struct Watch {
  Session* session;
  const std::vector<Named>* steps;  // the manifest's
  std::vector<Layer> layers;
  Status status;
};

Status keep(Watch& watch, uint32_t index, const tenfold_step& step) {
  const Result<Task> task = parse_task(step.task);
  if (!task || index >= watch.steps->size() || (*watch.steps)[index].task != step.task)
    return Error{ErrorCode::corrupt,
                 std::string("manifest.json: step '") + step.name + "' is not the library's"};
  const View& view = task->outputs[0];
  const tenfold_operand& operand = step.operands[step.operand_count - task->outputs.size()];
  const std::string& tensor = (*watch.steps)[index].tensor;
  if (operand.home != TENFOLD_HOME_ARENA || view.type != DType::f32 || tensor.empty()) return {};
  std::vector<float> bytes(static_cast<size_t>(end_element(view)));
  TENFOLD_CHECK(
      watch.session->read_arena(operand.offset_bytes, bytes.data(), bytes.size() * sizeof(float)));
  // A result of two dims, rows of an image's channels, is in its order anyhow.
  const bool model_order = task->op == "matmul" || (task->op == "gemm" && view.dims.size() == 2);
  watch.layers.push_back({tensor, gather(view, bytes.data()), model_order});
  return {};
}

}  // namespace

Result<Array> in_kernel_order(const Array& values, const Layer& layer) {
  const Dims& dims = layer.values.dims();
  const Result<int64_t> elements = volume(dims);
  if (!elements || *elements != values.elements() || values.type() != DType::f32)
    return Error{ErrorCode::invalid_shape,
                 std::string("holds ") + to_string(values.type()) + " " + to_string(values.dims()) +
                     " in the model, but f32 " + to_string(dims) + " in the library"};
  Array ordered(DType::f32, dims);
  const auto from = values.as<float>();
  const auto to = ordered.as<float>();
  const Dims& d = values.dims();
  if (d.size() != 4 || layer.model_order) {
    std::copy(from.begin(), from.end(), to.begin());
    return ordered;
  }
  size_t at = 0;
  for (int64_t n = 0; n < d[0]; ++n)
    for (int64_t y = 0; y < d[2]; ++y)
      for (int64_t x = 0; x < d[3]; ++x)
        for (int64_t c = 0; c < d[1]; ++c)
          to[at++] = from[static_cast<size_t>(((n * d[1] + c) * d[2] + y) * d[3] + x)];
  return ordered;
}

Result<std::vector<Layer>> run_layers(Session& session, const std::string& folder) {
  const std::string path = folder + "/manifest.json";
  TENFOLD_TRY(const FileView file, FileView::open(path));
  const json manifest = json::parse(file.bytes(), nullptr, false);
  std::vector<Named> steps;
  try {
    for (const json& variant : manifest.at("variants"))
      if (variant.at("target") == session.target())
        for (const json& step : variant.at("steps"))
          steps.push_back(
              {step.at("task").get<std::string>(), step.at("tensor").get<std::string>()});
  } catch (const json::exception&) {  // an entry is missing, or of another type
    return Error{ErrorCode::corrupt, path + ": not a manifest"};
  }
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
