#include "cli/suite.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "cli/paths.h"
#include "dsl/fuse_pixels.h"
#include "dsl/op.h"

namespace tenfold::cli {
namespace {

namespace fs = std::filesystem;

Error bad(const std::string& rule) {
  return {ErrorCode::invalid_argument, rule};
}

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

Result<std::vector<int64_t>> parse_numbers(const std::string& word, const std::string& text) {
  std::vector<int64_t> numbers;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) {
    int64_t number = 0;
    const auto [end, status] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (status != std::errc() || end != part.data() + part.size() || number < 1)
      return bad("'" + word + "': expected positive numbers");
    numbers.push_back(number);
  }
  return numbers;
}

Result<Before> parse_before(const std::string& words, const Task& task) {
  Before before;
  const int64_t channels = task.inputs[0].dims.back();
  std::istringstream stream(words);
  for (std::string word; stream >> word;) {
    const size_t equals = std::min(word.find('='), word.size());
    const std::string name = word.substr(0, equals);
    TENFOLD_TRY(const std::vector<int64_t> numbers,
                parse_numbers(word, word.substr(std::min(equals + 1, word.size()))));
    if (name == "shuffle" && numbers.size() == 1 && channels % numbers[0] == 0) {
      before.shuffle_groups = numbers[0];
    } else if (name == "concat" && numbers.size() > 1) {
      int64_t total = 0;
      for (const int64_t number : numbers) total += number;
      if (total != channels)
        return bad("'" + word + "': " + std::to_string(total) + " channels for an input of " +
                   std::to_string(channels));
      before.concat = numbers;
    } else {
      return bad("'" + word + "' after |: expected shuffle=G, a divisor of the input's " +
                 std::to_string(channels) + " channels, or concat=A,B,...");
    }
  }
  const bool is_map = task.inputs[0].dims.size() == 4;
  const bool dense_conv = task.op == "conv2d" && task.attrs.get_int("groups", 1) == 1;
  if (!before.concat.empty() && !is_map) return bad("concat= needs a feature map");
  if (before.shuffle_groups > 1 && !dense_conv)
    return bad("shuffle= needs a conv2d without groups, whose weights can take it up");
  return before;
}

Result<fs::path> shapes_folder() {
  TENFOLD_TRY(const std::string folder, data_path("bench/shapes", "shapes"));
  return fs::path(folder);
}

Status read_file(const fs::path& file, std::vector<Problem>& problems) {
  std::ifstream stream(file);
  if (!stream) return Error{ErrorCode::io, file.string() + ": can't be read"};
  std::string family = file.stem();
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    const std::string text = trimmed(line.substr(0, line.find('#')));
    if (text.empty()) continue;
    if (text.front() == '[' && text.back() == ']') {
      family = trimmed(text.substr(1, text.size() - 2));
      continue;
    }
    Result<Problem> problem = parse_problem(text, family);
    if (!problem)
      return bad(file.string() + ":" + std::to_string(number) + ": " + problem.error().message);
    problems.push_back(*std::move(problem));
  }
  return {};
}

}  // namespace

Result<Problem> parse_problem(const std::string& text, const std::string& family) {
  const size_t bar = text.find('|');
  Problem problem{.text = text, .family = family, .model = {}, .task = {}, .before = {}};
  TENFOLD_TRY(problem.model, dsl::parse_op_spec(text.substr(0, bar)));
  problem.task = problem.model;
  if (bar != std::string::npos) {
    TENFOLD_TRY(problem.before, parse_before(text.substr(bar + 1), problem.model));
  }
  return problem;
}

Result<std::vector<Problem>> read_suite(const std::string& name, const std::string& filter) {
  if (name != "ops") return bad("--suite " + name + ": unknown; known: ops");
  std::regex expression;
  try {
    expression.assign(filter, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    return bad("--filter " + filter + ": no regular expression: " + error.what());
  }
  TENFOLD_TRY(const fs::path folder, shapes_folder());
  std::vector<fs::path> files;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed))
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Problem> all, chosen;
  for (const fs::path& file : files) TENFOLD_CHECK(read_file(file, all));
  std::set<std::string> seen;
  for (Problem& problem : all) {
    if (!seen.insert(problem.text).second) continue;
    if (!std::regex_search(problem.family, expression) &&
        !std::regex_search(problem.text, expression))
      continue;
    problem.task = dsl::with_fused_pixels(problem.model);
    chosen.push_back(std::move(problem));
  }
  if (chosen.empty())
    return bad("--filter " + filter + ": finds none of " + std::to_string(seen.size()) +
               " problems");
  return chosen;
}

}  // namespace tenfold::cli
