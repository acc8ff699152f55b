// A task from one line of words, for the command line, the tests and the benchmarks' shape files.
//
//   conv2d n=1 h=56 w=56 c=64 k=64 r=3 s=3 stride=2 pad=1 dilation=1 groups=1 bias relu
//
// Words with = are sizes and attributes: n h w c (input), k (output channels), r s (kernel height
// and width), stride, dilation and pad for all sides (or stride_h, pad_left, ... singly), groups, m
// n k for matrices, and any other attribute of the operator. `depthwise` means groups=c. input=nchw
// and output=nchw say how the caller's buffers lie; `halo` gives the input what is read around it
// as zeros. Other words are stages behind the anchor in order (`clip(0,6)`), pre=STAGE before it,
// mid0=STAGE and mid1=STAGE between the operators of an anchor of several, `gate` a
// Squeeze-and-Excitation gate on the input; a deformable convolution has offsets of its own, with
// `mask` a mask too; a stage with an operand brings a further input of the
// output's shape.
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <sstream>

#include "dsl/op.h"
#include "dsl/stage.h"
#include "dsl/transpose_side.h"
#include "dsl/window.h"

namespace tenfold::dsl {
namespace {

struct Words {
  std::map<std::string, double> numbers;
  std::set<std::string> flags;
  std::vector<std::string> prologue, epilogue;
  std::vector<std::vector<std::string>> inner;

  /// Removes and returns a size.
  std::optional<double> take(const std::string& name) {
    const auto found = numbers.find(name);
    if (found == numbers.end()) return std::nullopt;
    const double value = found->second;
    numbers.erase(found);
    return value;
  }
  int64_t take_int(const std::string& name, int64_t otherwise) {
    return static_cast<int64_t>(take(name).value_or(static_cast<double>(otherwise)));
  }
};

Error bad(const std::string& rule) {
  return {ErrorCode::invalid_argument, "operator spec: " + rule};
}

constexpr const char* known_words =
    "n h w c k r s m stride dilation pad (or stride_h, pad_left, ...) groups depthwise halo "
    "input=nchw output=nchw gate mask pre=STAGE mid0=STAGE STAGE";

// Of a line; each is code in the kernel's innermost loop.
constexpr size_t most_stages = 64;

// Attributes that need not be whole numbers.
constexpr const char* real_words = "scale_h scale_w cubic_a alpha beta bias epsilon value p";

bool has_word(const std::string& words, const std::string& word) {
  return (' ' + words + ' ').find(' ' + word + ' ') != std::string::npos;
}

// Sizes, and the attributes of any operator, as they are written; whose they are is seen later.
Status check_number(const std::string& name, double value) {
  if (has_word(real_words, name) || value == std::floor(value)) return {};
  return bad(name + " is " + std::to_string(value) + ", not a whole number");
}

Status check_attributes(const Op& op, const std::map<std::string, double>& numbers) {
  for (const auto& [name, value] : numbers) {
    std::string generic = name.substr(0, name.find_last_not_of("0123456789") + 1);
    if (generic.size() != name.size()) generic += '#';
    if (has_word(op.attributes, name) || has_word(op.attributes, generic)) continue;
    return bad(std::string(op.name) + " has no '" + name + "'; known words: " + known_words +
               (op.attributes.empty() ? "" : ", and the attributes " + op.attributes));
  }
  return {};
}

Result<Words> split_words(std::istringstream& stream) {
  Words words;
  for (std::string word; stream >> word;) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (equals == std::string::npos && (word == "depthwise" || word == "halo" || word == "gate" ||
                                        word == "spaced" || word == "mask")) {
      words.flags.insert(word);
    } else if (equals == std::string::npos) {
      words.epilogue.push_back(word);
    } else if (name == "pre") {
      words.prologue.push_back(value);
    } else if (name == "mid0" || name == "mid1") {
      words.inner.resize(std::max<size_t>(words.inner.size(), name == "mid0" ? 1 : 2));
      words.inner[name == "mid0" ? 0 : 1].push_back(value);
    } else if (name == "do") {
      words.epilogue.push_back(value);
    } else if ((name == "input" || name == "output") && (value == "nchw" || value == "nhwc")) {
      if (value == "nchw") words.flags.insert(name);
    } else {
      double number = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (error != std::errc() || end != value.data() + value.size() || name.empty() ||
          !(number >= -1e9 && number <= 1e9))
        return bad("'" + word + "' is not name=number; known words: " + known_words);
      TENFOLD_CHECK(check_number(name, number));
      words.numbers[name] = number;
    }
  }
  if (words.prologue.size() + words.epilogue.size() > most_stages)
    return bad("more than " + std::to_string(most_stages) + " stages");
  return words;
}

Halo reach_of(const Task& task) {
  return task.op == "conv_transpose2d" ? transpose_reach(task) : window_reach(task);
}

// Short names of window attributes into the long ones.
void expand_window(Words& words) {
  const auto both = [&](const std::string& shorthand, std::initializer_list<const char*> names) {
    if (const auto value = words.take(shorthand))
      for (const char* name : names) words.numbers.emplace(name, *value);
  };
  both("r", {"kernel_h"});
  both("s", {"kernel_w"});
  both("stride", {"stride_h", "stride_w"});
  both("dilation", {"dilation_h", "dilation_w"});
  both("pad", {"pad_top", "pad_left", "pad_bottom", "pad_right"});
  for (const char* name :
       {"kernel_h", "kernel_w", "stride_h", "stride_w", "dilation_h", "dilation_w"})
    words.numbers.emplace(name, 1);
  for (const char* name : {"pad_top", "pad_left", "pad_bottom", "pad_right"})
    words.numbers.emplace(name, 0);
}

// The output's {N, H, W, C} of an operator on feature maps; takes the words that are not
// attributes.
Dims output_dims(const std::string& op, Words& words, const Dims& in) {
  const bool transposed = op == "conv_transpose2d";
  const bool pool = op == "max_pool2d" || op == "avg_pool2d" || op == "lp_pool2d";
  const bool separable = op == "depthwise_pointwise" || op == "inverted_residual";
  const bool convolution = op == "conv2d" || op == "deform_conv2d" || transposed || separable;
  if (op == "global_avg_pool" || op == "global_max_pool") return {in[0], 1, 1, in[3]};
  if (op == "squeeze_excite") return {in[0], 1, 1, words.take_int("k", in[3])};
  if (op == "resize2d") {
    words.numbers.emplace("scale_h", 2);
    words.numbers.emplace("scale_w", 2);
    return {in[0], static_cast<int64_t>(in[1] * words.numbers["scale_h"]),
            static_cast<int64_t>(in[2] * words.numbers["scale_w"]), in[3]};
  }
  if (op == "gather") {
    Dims out = in;
    const int64_t axis = words.numbers.emplace("axis", 3).first->second;
    if (axis >= 0 && axis < 4) out[axis] = words.take_int("k", in[axis]);
    return out;
  }
  if (!pool && !convolution) return in;
  expand_window(words);
  if (convolution && !separable)
    words.numbers.emplace("groups", words.flags.contains("depthwise") ? in[3] : 1);
  Attrs attrs;
  for (const auto& [name, value] : words.numbers) attrs.set(name, value);
  const Window w = window_of(attrs);
  const int64_t k = convolution ? words.take_int("k", in[3]) : in[3];
  if (transposed)
    return {in[0],
            (in[1] - 1) * w.stride_h + w.dilation_h * (w.kernel_h - 1) + 1 +
                attrs.get_int("output_pad_h", 0) - w.pad_top - w.pad_bottom,
            (in[2] - 1) * w.stride_w + w.dilation_w * (w.kernel_w - 1) + 1 +
                attrs.get_int("output_pad_w", 0) - w.pad_left - w.pad_right,
            k};
  return {in[0],
          window_extent(in[1], w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, w.pad_bottom),
          window_extent(in[2], w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, w.pad_right), k};
}

View map_view(const Dims& dims, const Words& words, const std::string& side,
              const Halo& halo = {}) {
  if (words.flags.contains(side)) return nchw_view(DType::f32, dims[0], dims[1], dims[2], dims[3]);
  const int64_t height = dims[1] + halo.top + halo.bottom, width = dims[2] + halo.left + halo.right;
  const int64_t pixel = dims[3] + (words.flags.contains("spaced") && dims[3] % 256 == 0 ? 16 : 0);
  return {.type = DType::f32,
          .dims = dims,
          .strides = {height * width * pixel, width * pixel, pixel, 1},
          .offset = (halo.top * width + halo.left) * pixel,
          .halo = halo};
}

Status add_matrix_views(Task& task, Words& words) {
  const int64_t batch = words.take_int("batch", 0), m = words.take_int("m", 1),
                n = words.take_int("n", 1), k = words.take_int("k", 1);
  const auto matrix = [&](int64_t rows, int64_t columns) {
    return dense_view(DType::f32, batch ? Dims{batch, rows, columns} : Dims{rows, columns});
  };
  TENFOLD_CHECK(volume({m, n}));
  task.inputs.push_back(matrix(m, k));
  if (task.op == "matmul") task.inputs.push_back(matrix(k, n));
  task.outputs.push_back(matrix(m, n));
  return {};
}

Status add_map_views(Task& task, Words& words) {
  const Dims in = {words.take_int("n", 1), words.take_int("h", 1), words.take_int("w", 1),
                   words.take_int("c", 1)};
  TENFOLD_CHECK(volume(in));
  const Dims out = output_dims(task.op, words, in);
  TENFOLD_CHECK(volume(out));
  task.inputs.push_back(map_view(in, words, "input"));
  if (task.op == "deform_conv2d") {
    const double taps = words.numbers["kernel_h"] * words.numbers["kernel_w"] *
                        words.numbers.emplace("offset_groups", 1).first->second;
    const auto of_taps = [&](double each) {
      return dense_view(DType::f32, {out[0], out[1], out[2], static_cast<int64_t>(each * taps)});
    };
    TENFOLD_CHECK(volume({out[0], out[1], out[2], static_cast<int64_t>(2 * taps)}));
    task.inputs.push_back(of_taps(2));
    if (words.flags.contains("mask")) task.inputs.push_back(of_taps(1));
  }
  task.outputs.push_back(map_view(out, words, "output"));
  return {};
}

Status add_stage(Task& task, const std::string& word, bool before) {
  TENFOLD_TRY(Task parsed, parse_task("stage do=" + word));
  Stage& stage = parsed.epilogue[0];
  const auto kind = find_stage(stage.kind);
  if (!kind)
    return bad("'" + word + "' is neither name=number nor a stage; known words: " + known_words);
  if ((*kind)->needs == StageNeeds::operand && stage.input < 0) {
    stage.input = static_cast<int>(task.inputs.size());
    View operand = before ? task.inputs[0] : task.outputs[0];
    operand.offset = 0;
    operand.halo = {};
    task.inputs.push_back(operand);
  }
  (before ? task.prologue : task.epilogue).push_back(stage);
  return {};
}

}  // namespace

Result<Task> parse_op_spec(const std::string& spec) {
  if (spec.find(" in=") != std::string::npos) {
    TENFOLD_TRY(Task task, parse_task(spec));
    TENFOLD_CHECK(check(task));
    return task;
  }
  Task task;
  std::istringstream stream(spec);
  if (!(stream >> task.op)) return bad("it is empty; known words: " + std::string(known_words));
  TENFOLD_TRY(const Op* op, find_op(task.op));
  TENFOLD_TRY(Words words, split_words(stream));
  if (task.op == "gemm" || task.op == "matmul")
    TENFOLD_CHECK(add_matrix_views(task, words));
  else
    TENFOLD_CHECK(add_map_views(task, words));
  TENFOLD_CHECK(check_attributes(*op, words.numbers));
  for (const auto& [name, value] : words.numbers) task.attrs.set(name, value);
  if (words.flags.contains("halo") && !words.flags.contains("input")) {
    TENFOLD_CHECK(check(task));
    task.inputs[0] = map_view(task.inputs[0].dims, words, "input", reach_of(task));
  }
  if (words.flags.contains("gate")) {
    task.prologue.push_back({"mul", {}, static_cast<int>(task.inputs.size())});
    task.inputs.push_back(
        dense_view(DType::f32, {task.inputs[0].dims[0], 1, 1, task.inputs[0].dims[3]}));
  }
  for (const std::string& word : words.prologue) TENFOLD_CHECK(add_stage(task, word, true));
  for (const std::string& word : words.epilogue) TENFOLD_CHECK(add_stage(task, word, false));
  for (const std::vector<std::string>& chain : words.inner) {
    task.inner.emplace_back();
    for (const std::string& word : chain) {
      TENFOLD_TRY(Task parsed, parse_task("stage do=" + word));
      task.inner.back().push_back(std::move(parsed.epilogue[0]));
    }
  }
  TENFOLD_CHECK(check(task));
  return task;
}

}  // namespace tenfold::dsl
