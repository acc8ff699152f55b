#include "graph/convolve_pixels.h"

#include "graph/simplify.h"
#include "pass_check.h"

namespace tenfold::graph {
namespace {

/// Rows {N*H*W, C} as a map {N, C, H, W}.
TensorId as_map(NetworkBuilder& b, TensorId rows, int64_t n, int64_t h, int64_t w) {
  return b.transpose(b.reshape(rows, {n, h, w, b.dims(rows)[1]}), {0, 3, 1, 2});
}

TensorId as_rows(NetworkBuilder& b, TensorId map) {
  const Dims d = b.dims(map);
  return b.reshape(b.transpose(map, {0, 2, 3, 1}), {d[0] * d[2] * d[3], d[1]});
}

TEST(ConvolvePixels, OfAMapToAMap) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.input({2, 6, 3, 5}));
  TensorId rows = b.stage("gelu", {b.gemm(as_rows(b, x), 9)});
  rows = b.stage("scale", {b.gemm(b.stage("bias", {rows, b.constant({9})}), 6), b.constant({6})});
  b.output(b.stage("add", {x, as_map(b, rows, 2, 3, 5)}));
  expect_pass(b, {convolve_pixels, simplify},
              {"relu", "conv2d", "gelu", "bias", "conv2d", "scale", "add"}, 1e-5);
}

TEST(ConvolvePixels, OfRowsThatAreNoMapBefore) {
  NetworkBuilder b;
  b.output(as_map(b, b.gemm(b.input({12, 7}), 5), 1, 3, 4));
  expect_pass(b, {convolve_pixels}, {"reshape", "transpose", "conv2d"}, 1e-5);
}

TEST(ConvolvePixels, OthersStay) {
  NetworkBuilder read;  // something else reads the rows
  TensorId rows = read.gemm(read.input({12, 7}), 5);
  read.output(as_map(read, rows, 1, 3, 4));
  read.output(read.relu(rows));
  expect_pass(read, {convolve_pixels}, {"gemm", "reshape", "transpose", "relu"});
  NetworkBuilder turned;  // another order of the dims
  rows = turned.gemm(turned.input({12, 7}), 5);
  turned.output(turned.transpose(turned.reshape(rows, {1, 3, 4, 5}), {0, 3, 2, 1}));
  expect_pass(turned, {convolve_pixels}, {"gemm", "reshape", "transpose"});
  NetworkBuilder cut;  // the last dim is no whole row
  rows = cut.gemm(cut.input({12, 7}), 6);
  cut.output(cut.transpose(cut.reshape(rows, {1, 8, 3, 3}), {0, 3, 1, 2}));
  expect_pass(cut, {convolve_pixels}, {"gemm", "reshape", "transpose"});
  NetworkBuilder both;  // rows of two tensors
  rows = both.gemm(both.input({12, 7}), 5);
  both.output(as_map(both, both.stage("mul", {rows, both.gemm(both.input({12, 7}), 5)}), 1, 3, 4));
  expect_pass(both, {convolve_pixels}, {"gemm", "gemm", "mul", "reshape", "transpose"});
}

}  // namespace
}  // namespace tenfold::graph
