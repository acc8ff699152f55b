// What tenfold cannot do is listed whole, and compiling fails with one line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "graph/passes.h"
#include "model_builder.h"

namespace tenfold::graph {
namespace {

using testing::HasSubstr;

std::vector<std::string> lines(const Result<Network>& network) {
  std::vector<std::string> list;
  for (const Unsupported& u : find_unsupported(network.value()))
    list.push_back(u.node + " (" + u.op + "): " + u.rule);
  return list;
}

TEST(Unsupported, AllOfThemAtOnce) {
  ModelBuilder model = ModelBuilder::conv();
  model.node("Einsum", {"x"}, {"e"});
  auto& foreign = model.node("Attention", {"y"}, {"f"});
  foreign.set_domain("com.microsoft");
  auto& branch = model.node("If", {"y"}, {"g"});
  branch.add_attribute()->set_name("then_branch");
  branch.mutable_attribute(0)->set_type(onnx::AttributeProto::GRAPH);
  model.node("Add", {"e", "f"}, {"h"});
  model.node("Softmax", {"h"}, {"s"});
  for (const char* name : {"g", "s"}) model.output(name);
  Result<Network> network = model.import();
  ASSERT_TRUE(network) << network.error().message;
  EXPECT_THAT(lines(network),
              testing::UnorderedElementsAre(
                  "the_Einsum (Einsum): no such operator in tenfold",
                  "the_Attention (com.microsoft.Attention): no such operator in tenfold",
                  "the_If (If): no such operator in tenfold"));
  EXPECT_EQ(network->onnx_ops.at("Conv"), 1);
  EXPECT_EQ(network->onnx_ops.at("com.microsoft.Attention"), 1);
  const Status status = run_passes(*network);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::unsupported);
  EXPECT_THAT(
      status.error().message,
      HasSubstr("model.onnx: node 'the_Einsum' (Einsum): no such operator in tenfold (and 2 more"));
}

TEST(Unsupported, DeclaredShapesCarryOnBehindUnknownOperators) {
  ModelBuilder model;
  model.input("x", {1, 3, 8, 8});
  model.node("Einsum", {"x"}, {"e"});
  auto& info = *model.graph().add_value_info();
  info.set_name("e");
  info.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  for (int64_t extent : {1, 3, 8, 8})
    info.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(extent);
  ModelBuilder::set_ints(model.node("MaxPool", {"e"}, {"p", "indices"}), "kernel_shape", {2, 2});
  model.node("Relu", {"p"}, {"y"});
  model.output("y");
  model.output("indices");
  const Result<Network> network = model.import();
  ASSERT_TRUE(network) << network.error().message;
  EXPECT_THAT(lines(network),
              testing::Contains("the_MaxPool (MaxPool): its output 'indices' is not computed"));
}

TEST(Unsupported, AttributesAndTypes) {
  struct Case {
    ModelBuilder model;
    std::string rule;
  };
  std::vector<Case> cases;
  ModelBuilder deep;
  deep.input("x", {1, 3, 4, 8, 8});
  deep.floats("w", {4, 3, 3, 3, 3});
  deep.node("Conv", {"x", "w"}, {"y"});
  deep.output("y");
  cases.push_back({deep, "3-D convolution"});
  ModelBuilder computed = ModelBuilder::conv();
  computed.input("v", {4, 3, 3, 3});
  computed.graph().mutable_node(0)->set_input(1, "v");
  cases.push_back({computed, "weights and bias must be constant"});
  ModelBuilder integers;
  integers.input("x", {1, 3}, onnx::TensorProto::INT64);
  integers.node("Relu", {"x"}, {"y"});
  integers.output("y");
  cases.push_back({integers, "element type INT64: inputs are float32 or float16"});
  ModelBuilder roi;
  roi.input("x", {1, 3, 4, 4});
  roi.ints("sizes", {1, 3, 8, 8});
  auto& resize = roi.node("Resize", {"x", "", "", "sizes"}, {"y"});
  resize.add_attribute()->set_name("coordinate_transformation_mode");
  resize.mutable_attribute(0)->set_type(onnx::AttributeProto::STRING);
  resize.mutable_attribute(0)->set_s("tf_crop_and_resize");
  roi.output("y");
  cases.push_back({roi, "coordinate_transformation_mode tf_crop_and_resize"});
  ModelBuilder text = ModelBuilder::conv();
  text.graph().mutable_initializer(0)->set_data_type(onnx::TensorProto::STRING);
  cases.push_back({text, "element type STRING"});
  for (const auto& [op, value] :
       {std::pair("Div", 0.0f), std::pair("Add", -INFINITY), std::pair("Mul", NAN)}) {
    ModelBuilder model;
    model.input("x", {1, 3});
    model.floats("c", {1, 3}, value);
    model.node(op, {"x", "c"}, {"y"});
    model.output("y");
    cases.push_back({model, "a constant operand that holds"});
  }
  constexpr int64_t huge = int64_t{1} << 34;
  ModelBuilder turned;
  turned.input("x", {1, huge});
  for (const auto& [name, value] :
       {std::pair("from", -1), std::pair("to", 0), std::pair("axis", 1)})
    turned.ints(name, {value});
  turned.ints("step", {-1});
  turned.node("Slice", {"x", "from", "to", "axis", "step"}, {"y"});
  turned.output("y");
  cases.push_back({turned, "slices over 2^24 elements of dim 1 backwards"});
  ModelBuilder scattered;
  scattered.input("x", {1, huge});
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < 65; ++i) indices.push_back(huge - 1 - i);
  scattered.ints("indices", indices);
  ModelBuilder::set_int(scattered.node("Gather", {"x", "indices"}, {"y"}), "axis", 1);
  scattered.output("y");
  cases.push_back({scattered, "gathers over 64 runs along a dim over 2^24"});
  for (const char* op : {"LayerNormalization", "RMSNormalization"}) {
    ModelBuilder model(23);
    model.input("x", {1, huge});
    model.floats("scale", {1});
    model.node(op, {"x", "scale"}, {"y"});
    model.output("y");
    cases.push_back({model, "normalises over 2^24 elements together"});
  }
  ModelBuilder grouped(18);
  grouped.input("x", {1, huge, 1});
  grouped.floats("scale", {1});
  ModelBuilder::set_int(grouped.node("GroupNormalization", {"x", "scale", "scale"}, {"y"}),
                        "num_groups", 1);
  grouped.output("y");
  cases.push_back({grouped, "over 2^24 channels"});
  for (const Case& c : cases) {
    Result<Network> network = c.model.import();
    ASSERT_TRUE(network) << network.error().message;
    ASSERT_FALSE(lines(network).empty()) << c.rule;
    EXPECT_THAT(lines(network)[0], HasSubstr(c.rule));
    EXPECT_FALSE(run_passes(*network));
  }
}

// Each of them might be spread, all of them not.
TEST(Unsupported, ConstantsThatManyNodesSpread) {
  ModelBuilder model(23);
  model.input("x", {1, int64_t{1} << 24});
  model.floats("scale", {1});
  for (int i = 0; i < 5; ++i)
    model.node("RMSNormalization", {i == 0 ? "x" : "y" + std::to_string(i - 1), "scale"},
               {"y" + std::to_string(i)});
  model.output("y4");
  Result<Network> network = model.import();
  ASSERT_TRUE(network) << network.error().message;
  EXPECT_TRUE(lines(network).empty());
  const Status status = run_passes(*network);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("constants made on the way exceed"));
}

}  // namespace
}  // namespace tenfold::graph
