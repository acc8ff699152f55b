#include "base/task.h"

#include <charconv>
#include <cmath>
#include <optional>

namespace tenfold {
namespace {

Error bad(std::string_view text, const char* rule) {
  return {ErrorCode::invalid_argument, "'" + std::string(text) + "': " + rule};
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class T>
Result<std::vector<T>> parse_list(std::string_view text, char separator) {
  std::vector<T> values;
  if (text.empty()) return values;
  for (std::string_view part : split(text, separator)) {
    const auto value = parse_number<T>(part);
    if (!value) return bad(text, "not a list of numbers");
    values.push_back(*value);
  }
  return values;
}

std::string join(const Dims& values, char separator) {
  std::string text;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i) text += separator;
    text += std::to_string(values[i]);
  }
  return text;
}

std::string view_text(const View& view) {
  const Halo& halo = view.halo;
  return std::string(to_string(view.type)) + ':' + join(view.dims, 'x') + ':' +
         join(view.strides, ',') + ':' + std::to_string(view.offset) + ':' +
         join({halo.top, halo.left, halo.bottom, halo.right}, ',');
}

Result<View> parse_view(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 5) return bad(text, "a view is type:dims:strides:offset:halo");
  View view;
  TENFOLD_TRY(view.type, parse_dtype(parts[0]));
  TENFOLD_TRY(view.dims, parse_list<int64_t>(parts[1], 'x'));
  TENFOLD_TRY(view.strides, parse_list<int64_t>(parts[2], ','));
  TENFOLD_TRY(const Dims halo, parse_list<int64_t>(parts[4], ','));
  const auto offset = parse_number<int64_t>(parts[3]);
  if (!offset || halo.size() != 4 || view.dims.size() != view.strides.size())
    return bad(text, "a view needs as many strides as dims, one offset and four halo widths");
  TENFOLD_CHECK(volume(view.dims));
  view.offset = *offset;
  view.halo = {halo[0], halo[1], halo[2], halo[3]};
  return view;
}

std::string stage_text(const Stage& stage) {
  std::string text = stage.kind;
  if (!stage.values.empty()) {
    text += '(';
    for (size_t i = 0; i < stage.values.size(); ++i)
      text += (i ? "," : "") + number_text(stage.values[i]);
    text += ')';
  }
  if (stage.input >= 0) text += '@' + std::to_string(stage.input);
  return text;
}

Result<Stage> parse_stage(std::string_view text) {
  Stage stage;
  std::string_view rest = text;
  if (const size_t at = rest.find('@'); at != std::string_view::npos) {
    const auto input = parse_number<int>(rest.substr(at + 1));
    if (!input || *input < 0) return bad(text, "a stage's operand is @ and an input's index");
    stage.input = *input;
    rest = rest.substr(0, at);
  }
  if (const size_t open = rest.find('('); open != std::string_view::npos) {
    if (rest.back() != ')') return bad(text, "a stage's values end with )");
    TENFOLD_TRY(stage.values, parse_list<double>(rest.substr(open + 1, rest.size() - open - 2), ','));
    rest = rest.substr(0, open);
  }
  stage.kind = rest;
  if (stage.kind.empty()) return bad(text, "a stage has a name");
  return stage;
}

// The index in "mid0", "mid1", ...
std::optional<size_t> inner_chain(std::string_view name) {
  if (name.size() != 4 || !name.starts_with("mid") || name[3] < '0' || name[3] > '9') return std::nullopt;
  return static_cast<size_t>(name[3] - '0');
}

}  // namespace

std::string number_text(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return error == std::errc() ? std::string(text, end) : std::string("nan");
}

View dense_view(DType type, Dims dims) {
  View view{.type = type, .dims = std::move(dims), .strides = {}, .offset = 0, .halo = {}};
  view.strides = dense_strides(view.dims);
  return view;
}

View nchw_view(DType type, int64_t n, int64_t h, int64_t w, int64_t c) {
  return {.type = type, .dims = {n, h, w, c}, .strides = {c * h * w, w, 1, h * w}, .offset = 0, .halo = {}};
}

double Attrs::get(const std::string& name, double otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second;
}

int64_t Attrs::get_int(const std::string& name, int64_t otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : std::llround(found->second);
}

std::string to_text(const Task& task) {
  std::string text = task.op;
  for (const auto& [name, value] : task.attrs.values()) text += ' ' + name + '=' + number_text(value);
  for (const View& view : task.inputs) text += " in=" + view_text(view);
  for (const View& view : task.outputs) text += " out=" + view_text(view);
  for (const Stage& stage : task.prologue) text += " pre=" + stage_text(stage);
  for (size_t i = 0; i < task.inner.size(); ++i)
    for (const Stage& stage : task.inner[i]) text += " mid" + std::to_string(i) + '=' + stage_text(stage);
  for (const Stage& stage : task.epilogue) text += " do=" + stage_text(stage);
  return text;
}

Result<Task> parse_task(std::string_view text) {
  Task task;
  for (std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      if (!task.op.empty()) return bad(word, "a task has one operator and then name=value words");
      task.op = word;
      continue;
    }
    const std::string_view name = word.substr(0, equals), value = word.substr(equals + 1);
    if (name == "in" || name == "out") {
      TENFOLD_TRY(View view, parse_view(value));
      (name == "in" ? task.inputs : task.outputs).push_back(std::move(view));
    } else if (name == "pre" || name == "do") {
      TENFOLD_TRY(Stage stage, parse_stage(value));
      (name == "pre" ? task.prologue : task.epilogue).push_back(std::move(stage));
    } else if (const auto chain = inner_chain(name)) {
      if (*chain >= task.inner.size()) task.inner.resize(*chain + 1);
      TENFOLD_TRY(Stage stage, parse_stage(value));
      task.inner[*chain].push_back(std::move(stage));
    } else {
      const auto number = parse_number<double>(value);
      if (!number) return bad(word, "an attribute's value is a number");
      task.attrs.set(std::string(name), *number);
    }
  }
  if (task.op.empty()) return bad(text, "a task begins with its operator");
  return task;
}

int64_t Config::at(const std::string& axis) const {
  const auto found = values.find(axis);
  assert(found != values.end());
  return found->second;
}

std::string to_text(const Config& config) {
  std::string text = config.algorithm;
  for (const auto& [name, value] : config.values) text += ' ' + name + '=' + std::to_string(value);
  return text;
}

Result<Config> parse_config(std::string_view text) {
  Config config;
  for (std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      if (!config.algorithm.empty()) return bad(word, "a config has one algorithm and then axis=integer words");
      config.algorithm = word;
      continue;
    }
    const auto value = parse_number<int64_t>(word.substr(equals + 1));
    if (!value) return bad(word, "an axis's value is an integer");
    config.values[std::string(word.substr(0, equals))] = *value;
  }
  if (config.algorithm.empty()) return bad(text, "a config begins with its algorithm");
  return config;
}

}  // namespace tenfold
