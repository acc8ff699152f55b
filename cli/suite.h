// The problems that operators are measured on: bench/shapes/*.txt, one a line.
//
//   SPEC [| WORDS]
//
// SPEC is what dsl::parse_op_spec takes. WORDS say what stands before the operator in its network
// and costs tenfold nothing, but other engines something, who are given it to compute:
//   shuffle=G       a channel shuffle with G groups, which the weights take up
//   concat=A,B,...  a concatenation of tensors with so many channels, whose producers write in
//   place
// A line [NAME] begins a family; before the first one the family is the file's name. # begins a
// comment.
#pragma once
#include <string>
#include <vector>

#include "base/task.h"

namespace tenfold::cli {

/// What other engines compute before the operator.
struct Before {
  int64_t shuffle_groups = 1;
  std::vector<int64_t> concat;  // channels of each; empty: none
};

struct Problem {
  std::string text, family;
  Task model;  // the operator as a model has it
  Task task;   // the same kernel as a plan has it
  Before before;
};

/// Errors: invalid_argument, with the rule.
Result<Problem> parse_problem(const std::string& text, const std::string& family);

/// The problems of a suite (`ops`) whose family or text the regular expression finds, in the order
/// of their files; a problem that stands in two files comes once. Errors: invalid_argument for an
/// unknown suite, a broken expression, one that finds nothing, and a line that is wrong, with file
/// and line; unavailable where the files are not installed.
Result<std::vector<Problem>> read_suite(const std::string& name, const std::string& filter);

}  // namespace tenfold::cli
