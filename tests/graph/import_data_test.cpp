// Initializers of every type and place, and what is kept of a graph.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <functional>

#include "graph/convert.h"
#include "graph/passes.h"
#include "model_builder.h"

namespace tenfold::graph {
namespace {

using onnx::TensorProto;
using testing::ElementsAre;
using testing::HasSubstr;

/// x {2} + Cast(c {2}) -> y; returns what c was read as.
std::vector<double> read_as(const std::function<void(TensorProto&)>& fill,
                            TensorProto::DataType type) {
  ModelBuilder model;
  model.input("x", {2});
  fill(model.initializer("c", {2}, type));
  ModelBuilder::set_int(model.node("Cast", {"c"}, {"f"}), "to", TensorProto::FLOAT);
  model.node("Add", {"x", "f"}, {"y"});
  model.output("y");
  const Result<Network> network = model.import();
  EXPECT_TRUE(network) << network.error().message;
  if (!network) return {};
  EXPECT_TRUE(find_unsupported(*network).empty());
  for (const Tensor& tensor : network->tensors)
    if (tensor.name == "f" && tensor.constant) return to_doubles(*tensor.constant);
  return {};
}

template <class T>
std::string raw(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

TEST(ImportData, EveryElementType) {
  const auto raw_of = [](std::string bytes) {
    return [bytes](TensorProto& t) { t.set_raw_data(bytes); };
  };
  const auto ints_of = [](int32_t a, int32_t b) {
    return [a, b](TensorProto& t) {
      t.add_int32_data(a);
      t.add_int32_data(b);
    };
  };
  EXPECT_THAT(read_as(raw_of(raw<float>({1.5f, -2})), TensorProto::FLOAT), ElementsAre(1.5, -2));
  EXPECT_THAT(read_as(raw_of(raw<double>({1.5, -2})), TensorProto::DOUBLE), ElementsAre(1.5, -2));
  EXPECT_THAT(read_as(raw_of(raw<uint16_t>({0x3e00, 0x8001})), TensorProto::FLOAT16),
              ElementsAre(1.5, -std::ldexp(1.0, -24)));
  EXPECT_THAT(read_as(raw_of(raw<uint16_t>({0x3fc0, 0xc000})), TensorProto::BFLOAT16),
              ElementsAre(1.5, -2));
  EXPECT_THAT(read_as(raw_of(raw<int8_t>({-7, 7})), TensorProto::INT8), ElementsAre(-7, 7));
  EXPECT_THAT(read_as(raw_of(raw<uint8_t>({200, 7})), TensorProto::UINT8), ElementsAre(200, 7));
  EXPECT_THAT(read_as(raw_of(raw<int16_t>({-700, 7})), TensorProto::INT16), ElementsAre(-700, 7));
  EXPECT_THAT(read_as(raw_of(raw<uint16_t>({65535, 7})), TensorProto::UINT16),
              ElementsAre(65535, 7));
  EXPECT_THAT(read_as(raw_of(raw<int32_t>({-70000, 7})), TensorProto::INT32),
              ElementsAre(-70000, 7));
  EXPECT_THAT(read_as(raw_of(raw<uint32_t>({4000000000u, 7})), TensorProto::UINT32),
              ElementsAre(4000000000.0, 7));
  EXPECT_THAT(read_as(raw_of(raw<int64_t>({-70000, 7})), TensorProto::INT64),
              ElementsAre(-70000, 7));
  EXPECT_THAT(read_as(raw_of(raw<uint8_t>({0, 2})), TensorProto::BOOL), ElementsAre(0, 1));
  EXPECT_THAT(read_as(ints_of(0x3e00, 0xc000), TensorProto::FLOAT16), ElementsAre(1.5, -2));
  EXPECT_THAT(read_as(ints_of(-7, 7), TensorProto::INT8), ElementsAre(-7, 7));
  EXPECT_THAT(read_as(ints_of(5, 0), TensorProto::BOOL), ElementsAre(1, 0));
  EXPECT_THAT(read_as(
                  [](TensorProto& t) {
                    t.add_double_data(0.25);
                    t.add_double_data(3);
                  },
                  TensorProto::DOUBLE),
              ElementsAre(0.25, 3));
  EXPECT_THAT(read_as(
                  [](TensorProto& t) {
                    t.add_uint64_data(3000000000);
                    t.add_uint64_data(3);
                  },
                  TensorProto::UINT32),
              ElementsAre(3000000000.0, 3));
}

class ExternalData : public testing::Test {
 protected:
  ExternalData() {
    model_.input("x", {2});
    TensorProto& tensor = model_.initializer("c", {2});
    tensor.set_data_location(TensorProto::EXTERNAL);
    set("location", "model.onnx.data");
    model_.node("Add", {"x", "c"}, {"y"});
    model_.output("y");
    write_file(folder_.file("model.onnx.data"), "12345678" + raw<float>({1.5f, -2}));
  }

  void set(const std::string& key, const std::string& value) {
    TensorProto& tensor = *model_.graph().mutable_initializer(0);
    for (auto& entry : *tensor.mutable_external_data())
      if (entry.key() == key) return entry.set_value(value);
    auto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }

  Result<Network> import() {
    write_file(folder_.file("model.onnx"), model_.bytes());
    return import_onnx(folder_.file("model.onnx"));
  }

  void expect_error(const std::string& text) {
    const Result<Network> network = import();
    ASSERT_FALSE(network) << text;
    EXPECT_THAT(network.error().message, HasSubstr("initializer 'c': "));
    EXPECT_THAT(network.error().message, HasSubstr(text));
  }

  ModelBuilder model_;
  TempFolder folder_;
};

TEST_F(ExternalData, IsReadAtItsOffset) {
  set("offset", "8");
  set("length", "8");
  const Result<Network> network = import();
  ASSERT_TRUE(network) << network.error().message;
  for (const Tensor& tensor : network->tensors)
    if (tensor.name == "c") {
      EXPECT_THAT(to_doubles(*tensor.constant), ElementsAre(1.5, -2));
    }
}

TEST_F(ExternalData, OutsideOfTheFile) {
  for (const char* offset : {"9", "16", "9223372036854775807"}) {
    set("offset", offset);
    expect_error("ends before the 8 bytes");
  }
  for (const char* offset : {"-1", "x", "", "1x", "99999999999999999999"}) {
    set("offset", offset);
    expect_error("offset is");
  }
  set("offset", "8");
  set("length", "9");
  expect_error("need 8 bytes, length is 9");
}

TEST_F(ExternalData, ClaimsMoreThanTheFileHas) {
  model_.graph().mutable_initializer(0)->set_dims(0, int64_t{1} << 39);
  expect_error("ends before");
}

TEST_F(ExternalData, OnlyAPlainFileBesideTheModel) {
  for (const char* name :
       {"/etc/passwd", "../model.onnx.data", "sub/model.onnx.data", "..", ".", "", "a\\b"}) {
    set("location", name);
    expect_error("is no plain file name beside the model");
  }
  set("location", std::string("model.onnx.data\0x", 17));
  expect_error("is no plain file name");
  set("location", "absent");
  expect_error("is not there");
  ASSERT_EQ(symlink("model.onnx.data", folder_.file("link").c_str()), 0);
  set("location", "link");
  expect_error("is no regular file");
  ASSERT_EQ(mkfifo(folder_.file("fifo").c_str(), 0600), 0);
  set("location", "fifo");
  expect_error("is no regular file");
  ASSERT_EQ(mkdir(folder_.file("folder").c_str(), 0700), 0);
  set("location", "folder");
  expect_error("is no regular file");
}

TEST_F(ExternalData, IsNotReadOverAndOver) {
  constexpr int64_t bytes = 1 << 20;  // two hundred tensors of a megabyte, all of one megabyte
  write_file(folder_.file("model.onnx.data"), std::string(bytes, '\0'));
  model_.graph().mutable_initializer(0)->set_dims(0, bytes / 4);
  for (int i = 0; i < 200; ++i) {
    TensorProto copy = model_.graph().initializer(0);
    copy.set_name("c" + std::to_string(i));
    *model_.graph().add_initializer() = copy;
  }
  const Result<Network> network = import();
  ASSERT_FALSE(network);
  EXPECT_THAT(network.error().message, HasSubstr("is read more than four times over"));
}

TEST(ImportGraph, KeepsWhatTheOutputsNeed) {
  ModelBuilder model = ModelBuilder::conv();
  model.input("unused", {-1, 3});
  model.node("Einsum", {"y"}, {"z"});
  model.node("Relu", {"y"}, {"r"});
  model.output("z");
  const Result<Network> network = model.import({{}, {"r", "y"}});
  ASSERT_TRUE(network) << network.error().message;
  EXPECT_TRUE(find_unsupported(*network).empty());
  EXPECT_EQ(network->inputs.size(), 1u);
  ASSERT_EQ(network->outputs.size(), 2u);
  EXPECT_EQ(network->tensors[network->outputs[0]].name, "r");
  EXPECT_EQ(network->tensors[network->outputs[1]].name, "y");
  EXPECT_EQ(network->nodes.size(), 2u);
}

TEST(ImportGraph, WeightsMayStandAmongTheInputs) {
  ModelBuilder model = ModelBuilder::conv();
  model.input("w", {4, 3, 3, 3});
  const Result<Network> network = model.import();
  ASSERT_TRUE(network) << network.error().message;
  EXPECT_EQ(network->inputs.size(), 1u);
}

TEST(ImportGraph, EqualNamesAreEqualExtents) {
  ModelBuilder model;
  for (const char* name : {"a", "b"}) model.input(name, {-1, 2});
  model.node("Add", {"a", "b"}, {"y"});
  model.output("y");
  const Result<Network> network = model.import({{{"a", {5, 2}}}, {}});
  ASSERT_TRUE(network) << network.error().message;
  EXPECT_EQ(network->tensors[network->inputs[1]].dims, (Dims{5, 2}));
  const Result<Network> differ = model.import({{{"a", {5, 2}}, {"b", {1, 2}}}, {}});
  ASSERT_FALSE(differ);
  EXPECT_THAT(differ.error().message, HasSubstr("disagree on 'd0'"));
}

}  // namespace
}  // namespace tenfold::graph
