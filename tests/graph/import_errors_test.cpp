// What is wrong with a model is said in one line: the file, the node and the rule.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ctime>

#include "graph/passes.h"
#include "model_builder.h"
#include "tests/sanitizers.h"

namespace tenfold::graph {
namespace {

using testing::HasSubstr;
using testing::Not;

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// The error of an import that must fail quickly, checked to be one line with the file in it.
Error error_of(const Result<Network>& network, const std::string& file = "model.onnx") {
  EXPECT_FALSE(network);
  if (network) return {ErrorCode::failed, ""};
  EXPECT_THAT(network.error().message, HasSubstr(file));
  EXPECT_THAT(network.error().message, Not(HasSubstr("\n")));
  return network.error();
}

Error import_bytes(const std::string& bytes) {
  const TempFolder folder;
  write_file(folder.file("model.onnx"), bytes);
  const double start = cpu_seconds();
  const Result<Network> network = import_onnx(folder.file("model.onnx"));
  EXPECT_LT(cpu_seconds() - start, 1.0);
  return error_of(network);
}

void expect_error(const ModelBuilder& model, const std::string& text, ErrorCode code,
                  const ImportOptions& options = {}) {
  const double start = cpu_seconds();
  const Error error = error_of(model.import(options));
  EXPECT_LT(cpu_seconds() - start, 1.0);
  EXPECT_THAT(error.message, HasSubstr(text));
  EXPECT_EQ(to_string(error.code), std::string(to_string(code))) << error.message;
}

/// A model file whose graph is one field again and again: `field` in few bytes, much in memory.
std::string repeated_in_graph(const std::string& field, int count) {
  std::string graph;
  for (int i = 0; i < count; ++i) graph += field;
  std::string length;
  for (size_t left = graph.size(); left > 0; left >>= 7)
    length += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
  return "\x3a" + length + graph;  // ModelProto.graph
}

TEST(ImportFile, DoesNotParseWhatWouldFillTheMemory) {
  const std::string node("\x0a\x00", 2), value_info("\x6a\x00", 2);
  for (const std::string& field : {node, value_info}) {
    EXPECT_THAT(import_bytes(repeated_in_graph(field, 5'000'000)).message,
                HasSubstr("more than 1000000 nodes, tensors, attributes and names"));
    EXPECT_THAT(import_bytes(repeated_in_graph(field, 100)).message, Not(HasSubstr("more than")));
  }
  const std::string unknown("\xf8\x07\x01", 3);  // field 127, a number
  EXPECT_THAT(import_bytes(repeated_in_graph(unknown, 3'000'000)).message, HasSubstr("more than"));
}

TEST(ImportFile, NamesWhatIsNoModel) {
  const TempFolder folder;
  EXPECT_EQ(error_of(import_onnx(folder.file("absent.onnx")), "absent.onnx").code,
            ErrorCode::not_found);
  EXPECT_THAT(error_of(import_onnx(folder.file(".")), folder.file(".")).message,
              HasSubstr("no regular file"));
  ASSERT_EQ(mkfifo(folder.file("fifo").c_str(), 0600), 0);
  EXPECT_THAT(error_of(import_onnx(folder.file("fifo")), "fifo").message,
              HasSubstr("no regular file"));
  EXPECT_THAT(error_of(import_onnx("/dev/zero"), "/dev/zero").message,
              HasSubstr("no regular file"));
  EXPECT_THAT(import_bytes("").message, HasSubstr("is empty"));
  EXPECT_THAT(import_bytes("this is some text, not a model").message, HasSubstr("no ONNX model"));
  EXPECT_EQ(import_bytes(std::string(1000, '\xff')).code, ErrorCode::invalid_model);
}

TEST(ImportFile, EveryTruncationIsAnError) {
  const std::string bytes = ModelBuilder::conv().bytes();
  const TempFolder folder;
  for (size_t size = 0; size < bytes.size(); ++size) {
    write_file(folder.file("model.onnx"), bytes.substr(0, size));
    error_of(import_onnx(folder.file("model.onnx")));
  }
}

TEST(ImportFile, OpsetsOutsideOfSevenToTwentyEight) {
  for (int64_t opset : {0, 6, 29, 1000000}) {
    ModelBuilder model = ModelBuilder::conv();
    model.model.mutable_opset_import(0)->set_version(opset);
    expect_error(model, "opset", ErrorCode::unsupported);
  }
}

TEST(ImportGraph, Cycles) {
  ModelBuilder model;
  model.input("x", {1, 2});
  model.node("Add", {"x", "c"}, {"a"});
  model.node("Relu", {"a"}, {"b"});
  model.node("Sigmoid", {"b"}, {"c"});
  model.node("Tanh", {"b"}, {"y"});
  model.output("y");
  expect_error(model, "on a cycle", ErrorCode::invalid_model);
}

TEST(ImportGraph, NamesThatAreMadeTwiceOrNever) {
  ModelBuilder twice = ModelBuilder::conv();
  twice.node("Relu", {"x"}, {"y"});
  expect_error(twice, "'y' is made twice: by node 'the_Conv' and by node 'the_Relu'",
               ErrorCode::invalid_model);
  ModelBuilder initializers = ModelBuilder::conv();
  initializers.floats("w", {1});
  expect_error(initializers, "'w' is made twice", ErrorCode::invalid_model);
  ModelBuilder inputs = ModelBuilder::conv();
  inputs.input("x", {1});
  expect_error(inputs, "'x' is made twice", ErrorCode::invalid_model);
  ModelBuilder missing = ModelBuilder::conv();
  missing.graph().mutable_node(0)->set_input(1, "nothing");
  expect_error(missing, "node 'the_Conv' (Conv) reads 'nothing', which nothing makes",
               ErrorCode::invalid_model);
  ModelBuilder output = ModelBuilder::conv();
  output.output("z");
  expect_error(output, "output 'z' is made by nothing", ErrorCode::invalid_model);
  ModelBuilder same = ModelBuilder::conv();
  same.output("y");
  expect_error(same, "listed twice", ErrorCode::invalid_model);
  ModelBuilder none;
  expect_error(none, "has no graph", ErrorCode::invalid_model);
}

TEST(ImportGraph, ControlCharactersInNamesStayOutOfTheLine) {
  ModelBuilder model = ModelBuilder::conv();
  model.graph().mutable_node(0)->set_input(1, "a\nb\x1b[31m");
  expect_error(model, "a?b?[31m", ErrorCode::invalid_model);
}

TEST(ImportInitializer, ClaimsMoreThanItHas) {
  ModelBuilder typed = ModelBuilder::conv();
  typed.graph().mutable_initializer(0)->set_dims(0, 4000000);
  expect_error(typed,
               "initializer 'w': dims 4000000x3x3x3 claim 108000000 elements, the data has 108",
               ErrorCode::invalid_model);
  ModelBuilder raw = ModelBuilder::conv();
  raw.graph().mutable_initializer(0)->clear_float_data();
  raw.graph().mutable_initializer(0)->set_raw_data(std::string(431, '\0'));
  expect_error(raw, "claim 432 bytes, the data has 431", ErrorCode::invalid_model);
  for (const Dims& dims :
       {Dims{-4, 3, 3, 3}, Dims{int64_t{1} << 40, int64_t{1} << 40}, Dims(40, 1)}) {
    ModelBuilder model = ModelBuilder::conv();
    model.graph().mutable_initializer(0)->clear_dims();
    for (int64_t extent : dims) model.graph().mutable_initializer(0)->add_dims(extent);
    expect_error(model, "initializer 'w'", ErrorCode::invalid_model);
  }
}

TEST(ImportShapes, UnboundAndMisfitting) {
  ModelBuilder model = ModelBuilder::conv();
  model.graph().clear_input();
  model.input("x", {-1, 3, 0, 8});
  expect_error(model, "dimension 0 ('d0') of input 'x' is unbound", ErrorCode::invalid_argument);
  expect_error(model, "contradicts the model, where dimension 1 is 3", ErrorCode::invalid_argument,
               {{{"x", {1, 4, 8, 8}}}, {}});
  expect_error(model, "is not of rank 4", ErrorCode::invalid_argument, {{{"x", {1, 3, 8}}}, {}});
  expect_error(model, "extent below 1", ErrorCode::invalid_argument, {{{"x", {0, 3, 8, 8}}}, {}});
  expect_error(model, "has no input 'z'", ErrorCode::invalid_argument, {{{"z", {1}}}, {}});
  expect_error(model, "does not fit into 2", ErrorCode::invalid_shape, {{{"x", {1, 3, 2, 8}}}, {}});
  expect_error(model, "too large", ErrorCode::invalid_shape,
               {{{"x", {int64_t{1} << 40, 3, int64_t{1} << 40, 8}}}, {}});
  expect_error(model, "no tensor 'q' to keep", ErrorCode::invalid_argument,
               {{{"x", {1, 3, 8, 8}}}, {"q"}});
  EXPECT_TRUE(model.import({{{"x", {2, 3, 9, 8}}}, {}}));
}

TEST(ImportConv, WrongAttributesAndShapes) {
  struct Wrong {
    const char* name;
    std::vector<int64_t> values;
  };
  for (const Wrong& wrong : {Wrong{"strides", {0, 1}},
                             {"strides", {1, -1}},
                             {"strides", {1}},
                             {"pads", {-1, 0, 0, 0}},
                             {"pads", {1, 1}},
                             {"dilations", {0, 1}},
                             {"kernel_shape", {2, 2}},
                             {"kernel_shape", {3}},
                             {"strides", {1, INT64_MAX}},
                             {"pads", {INT64_MAX, 0, 0, 0}},
                             {"dilations", {INT64_MAX, 1}},
                             {"dilations", {9, 9}}}) {
    ModelBuilder model = ModelBuilder::conv();
    ModelBuilder::set_ints(*model.graph().mutable_node(0), wrong.name, wrong.values);
    const Error error = error_of(model.import());
    EXPECT_THAT(error.message, HasSubstr("node 'the_Conv' (Conv): ")) << wrong.name;
  }
  for (int64_t groups : {int64_t{0}, int64_t{-1}, int64_t{2}, int64_t{3}, INT64_MAX, INT64_MIN}) {
    ModelBuilder model = ModelBuilder::conv();
    ModelBuilder::set_int(*model.graph().mutable_node(0), "group", groups);
    expect_error(model, "node 'the_Conv' (Conv): groups", ErrorCode::invalid_shape);
  }
  ModelBuilder type = ModelBuilder::conv();
  ModelBuilder::set_int(*type.graph().mutable_node(0), "strides", 1);
  expect_error(type, "attribute strides is no INTS", ErrorCode::invalid_model);
  ModelBuilder bias = ModelBuilder::conv();
  bias.graph().mutable_initializer(1)->set_dims(0, 2);
  bias.graph().mutable_initializer(1)->mutable_float_data()->Truncate(2);
  expect_error(bias, "bias 2 for 4 channels", ErrorCode::invalid_shape);
  ModelBuilder rank = ModelBuilder::conv();
  rank.graph().clear_input();
  rank.input("x", {3, 8, 8});
  expect_error(rank, "weights of rank 4 for an input of rank 3", ErrorCode::invalid_shape);
  ModelBuilder inputs = ModelBuilder::conv();
  inputs.graph().mutable_node(0)->mutable_input()->RemoveLast();
  inputs.graph().mutable_node(0)->mutable_input()->RemoveLast();
  expect_error(inputs, "has 1 inputs", ErrorCode::invalid_shape);
}

/// A node over x {1,6,4,4} and int64 constants a, b, ... of these values.
ModelBuilder over_ints(const std::string& op, const std::vector<std::vector<int64_t>>& lists) {
  ModelBuilder model;
  model.input("x", {1, 6, 4, 4});
  std::vector<std::string> inputs{"x"};
  for (const auto& list : lists) {
    inputs.push_back(std::string(1, static_cast<char>('a' + inputs.size() - 1)));
    model.ints(inputs.back(), list);
  }
  model.node(op, inputs, {"y"});
  model.output("y");
  return model;
}

TEST(ImportOperators, ImpossibleShapes) {
  const int64_t big = int64_t{1} << 62;
  for (const ModelBuilder& model : {over_ints("Reshape", {{7, 7}}),
                                    over_ints("Reshape", {{-1, -1}}),
                                    over_ints("Reshape", {{0, 0, 0, 0, 0}}),
                                    over_ints("Reshape", {{-2, 3}}),
                                    over_ints("Reshape", {{big, 4}}),
                                    over_ints("Reshape", {{big, big, -1}}),
                                    over_ints("Squeeze", {{1}}),
                                    over_ints("Squeeze", {{9}}),
                                    over_ints("Unsqueeze", {{0, 0}}),
                                    over_ints("Unsqueeze", {{big}}),
                                    over_ints("Expand", {{2, 5, 4, 4}}),
                                    over_ints("Expand", {{big, big, 1, 1, 1, 1}}),
                                    over_ints("Tile", {{1, 1, big, 1}}),
                                    over_ints("Tile", {{1, 1}}),
                                    over_ints("Tile", {{1, 1, -1, 1}}),
                                    over_ints("Tile", {{1, 0, 1, 1}}),
                                    over_ints("Pad", {{0, 0, big, 0, 0, 0, big, 0}}),
                                    over_ints("Pad", {{1, 2}}),
                                    over_ints("Pad", {{0, 0, -9, 0, 0, 0, 0, 0}}),
                                    over_ints("Slice", {{0}, {2}, {0}, {0}}),
                                    over_ints("Slice", {{0}, {2}, {7}, {1}}),
                                    over_ints("Slice", {{0, 1}, {2}}),
                                    over_ints("Slice", {{5}, {2}, {1}}),
                                    over_ints("Slice", {{0}, {2}, {0}, {INT64_MIN}}),
                                    over_ints("Split", {{1, 2}}),
                                    over_ints("Gather", {{9}}),
                                    over_ints("Resize", {{1}, {1}, {1, 6, big, 4}}),
                                    over_ints("Transpose", {}),
                                    over_ints("Concat", {{1}}),
                                    over_ints("MatMul", {{1, 2, 3}}),
                                    over_ints("Gemm", {{1}}),
                                    over_ints("Add", {{1, 2, 3, 4, 5}}),
                                    over_ints("ReduceMean", {{1}, {2}})}) {
    ModelBuilder spoiled = model;
    if (spoiled.graph().node(0).op_type() == "Transpose")
      ModelBuilder::set_ints(*spoiled.graph().mutable_node(0), "perm", {0, 0, 1, 2});
    const Error error = error_of(spoiled.import());
    EXPECT_THAT(error.message, HasSubstr("node 'the_" + spoiled.graph().node(0).op_type()))
        << spoiled.graph().node(0).ShortDebugString();
  }
}

TEST(ImportOperators, PermutationsOfScalarsAndOutputsOfNoExtent) {
  ModelBuilder scalar;
  scalar.input("x", {});
  ModelBuilder::set_ints(scalar.node("Transpose", {"x"}, {"y"}), "perm", {0, 1});
  scalar.output("y");
  expect_error(scalar, "perm is no permutation of 0 dims", ErrorCode::invalid_shape);
  for (int64_t extent : {INT64_MIN, int64_t{-1}, int64_t{0}, INT64_MAX}) {
    ModelBuilder model;
    model.input("x", {1, 3, 4, 4});
    model.floats("w", {3, 2, 3, 3});
    ModelBuilder::set_ints(model.node("ConvTranspose", {"x", "w"}, {"y"}), "output_shape",
                           {extent, 6});
    model.output("y");
    expect_error(model, "an output of", ErrorCode::invalid_shape);
  }
}

TEST(ImportOperators, ConstantsThatWouldBeHugeAreNotMade) {
  ModelBuilder model;
  model.input("x", {1, 1});
  model.ints("dims", {int64_t{1} << 17, int64_t{1} << 17});
  model.node("ConstantOfShape", {"dims"}, {"c"});
  model.node("Add", {"x", "c"}, {"y"});
  model.output("y");
  Result<Network> network = model.import();
  ASSERT_TRUE(network) << network.error().message;
  ASSERT_EQ(find_unsupported(*network).size(), 1u);
  EXPECT_THAT(find_unsupported(*network)[0].rule, HasSubstr("makes a constant of 65536 MiB"));

  ModelBuilder chain;  // each tile is allowed alone, all of them are not
  chain.input("x", {1});
  chain.ints("times", {int64_t{1} << 24});
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i);
    chain.floats("s" + n, {1});
    chain.node("Tile", {"s" + n, "times"}, {"t" + n});
    chain.node("Add", {i ? "u" + std::to_string(i - 1) : "x", "t" + n}, {"u" + n});
  }
  chain.output("u39");
  network = chain.import();
  ASSERT_TRUE(network) << network.error().message;
  EXPECT_EQ(find_unsupported(*network).size(), 36u);  // four hold 256 MiB
}

TEST(ImportOperators, ConstantsThatAreReadTooOftenAreRefused) {
  ModelBuilder model;
  model.input("x", {1});
  model.ints("first", {0});
  model.ints("dims", {int64_t{1} << 22});
  model.node("ConstantOfShape", {"dims"}, {"c"});
  for (int i = 0; i < 300; ++i) {
    const std::string n = std::to_string(i);
    model.node("Gather", {"c", "first"}, {"m" + n});
    model.node("Add", {i ? "u" + std::to_string(i - 1) : "x", "m" + n}, {"u" + n});
  }
  model.output("u299");
  const Result<Network> network = model.import();
  ASSERT_TRUE(network) << network.error().message;
  ASSERT_FALSE(find_unsupported(*network).empty());
  EXPECT_EQ(find_unsupported(*network)[0].op, "Gather");
  EXPECT_EQ(find_unsupported(*network)[0].rule, "too large a computation over constants");
}

// Standardised weights of many layers pass through the same few bytes.
TEST(ImportOperators, ConstantsOnTheWayAreForgotten) {
  ModelBuilder model;
  model.input("x", {1});
  model.ints("first", {0});
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    model.ints("dims" + n, {int64_t{1} << 22});
    model.node("ConstantOfShape", {"dims" + n}, {"c" + n});
    model.node("Gather", {"c" + n, "first"}, {"m" + n});
    model.node("Add", {i ? "u" + std::to_string(i - 1) : "x", "m" + n}, {"u" + n});
  }
  model.output("u19");
  const Result<Network> network = model.import();  // 320 MiB in all
  ASSERT_TRUE(network) << network.error().message;
  EXPECT_TRUE(find_unsupported(*network).empty());
}

}  // namespace
}  // namespace tenfold::graph
