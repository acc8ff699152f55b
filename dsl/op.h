// Op: what an anchor operator is, in one row: its rules, its plain reference and its Halide
// algorithm. One file an operator; the table in op.cpp names them all. Schedules never repeat an
// operator's arithmetic: they ask for the algorithm and order its loops.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/task.h"

namespace tenfold::dsl {

struct Algorithm;  // dsl/algorithm_halide.h
struct Binding;    // dsl/algorithm_halide.h

/// A constant of a task, in the model's layout (conv2d's weights are ONNX's {K, C/groups, R, S}).
/// Always f32.
struct Param {
  std::string name;  // "weights", "bias", ...: unique within its task
  Dims dims;
  int64_t below = 0;  // an index's: whole numbers from 0 to below - 1; 0: any numbers
};

/// Dense double values in a View's dim order (feature maps are N, H, W, C).
struct Values {
  Dims dims;
  std::vector<double> data;
  double& at(std::initializer_list<int64_t> index);
  double at(std::initializer_list<int64_t> index) const;
};

struct Op {
  const char* name;
  /// Every rule on attributes, views and chain. Errors name the rule in one line; nothing is
  /// compiled before this passes.
  Status (*check)(const Task& task);
  /// The anchor's constants, in kernel argument order; those of the chain's stages follow (see
  /// `params` below).
  std::vector<Param> (*params)(const Task& task);
  /// The anchor alone in double precision, straight from the formula, sharing nothing with the
  /// algorithm. inputs are the task's inputs (the first after its prologue), outputs arrive
  /// zero-filled in the outputs' dims.
  void (*reference)(const Task& task, std::span<const Values> inputs,
                    std::span<const Values> params, std::span<Values> outputs);
  /// The whole task's Halide algorithm: prologue, anchor, epilogue; no schedule calls.
  Algorithm (*algorithm)(const Task& task, const Binding& binding);
  /// Floating-point operations of the anchor (a multiply-add is two).
  double (*flops)(const Task& task);
  /// The names of its attributes, with a space between two; # stands for a number.
  std::string attributes = "";
  /// How many operators the anchor is made of: one less is how many inner chains it may have.
  int operators = 1;
};

/// Every operator, in the order that --help prints them.
std::span<const Op> ops();
Result<const Op*> find_op(const std::string& name);

/// The op's rules, then the chain's, then the views' (strides do not overlap, halos fit).
Status check(const Task& task);

/// All constants of a task in argument order: the anchor's, then the prologue's, then the
/// epilogue's.
std::vector<Param> params(const Task& task);

double flops(const Task& task);

/// True when input i is read only at the elements that are then written: a map's own, or an operand
/// of the epilogue and of nothing else. Only then may it share memory with the output.
bool reads_in_place(const Task& task, size_t input);

/// Runs the reference over the whole task. Buffers are root bases as a kernel gets them: inputs and
/// outputs are read and written through the task's views; params are in the model's layout. Only
/// logical outputs are written.
Status run_reference(const Task& task, std::span<const float* const> inputs,
                     std::span<const Array> params, std::span<float* const> outputs);

/// `conv2d n=1 h=56 w=56 c=64 k=64 r=3 s=3 pad=1 relu`: a task over dense NHWC buffers of its own.
/// Also takes what to_text prints. Errors: invalid_argument or invalid_shape, with the op's known
/// words in the message.
Result<Task> parse_op_spec(const std::string& spec);

}  // namespace tenfold::dsl
