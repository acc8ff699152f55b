// The chains inside an anchor of several operators (Task::inner): their constants stand behind the
// weights of the operator that they follow.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "dsl/op.h"

namespace tenfold::dsl {

/// The chain behind operator `i` of the anchor.
const std::vector<Stage>& inner_chain(const Task& task, size_t i);

/// Adds the constants of a chain over `channels`, named `prefix`bias and so on.
void add_chain_params(std::vector<Param>& params, const std::string& prefix,
                      const std::vector<Stage>& chain, int64_t channels);

/// The chain in double precision over values whose last dim are the channels. Takes its constants
/// from the front of `constants`.
void run_inner(const std::vector<Stage>& chain, std::span<const Values>& constants, Values& values);

}  // namespace tenfold::dsl
