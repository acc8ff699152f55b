#include "graph/fold.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "graph/convert.h"
#include "graph/onnx_families.h"

namespace tenfold::graph {
namespace {

/// An index space with its strides, without dims of extent 1, and with neighbours that step alike
/// joined.
struct Walk {
  Dims dims, strides;
};

Walk walk_of(const Dims& dims, const std::vector<int64_t>& strides) {
  Walk walk;
  for (size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == 1) continue;
    if (!walk.dims.empty() && walk.strides.back() == strides[d] * dims[d]) {
      walk.dims.back() *= dims[d];
      walk.strides.back() = strides[d];
    } else {
      walk.dims.push_back(dims[d]);
      walk.strides.push_back(strides[d]);
    }
  }
  if (walk.dims.empty()) return {{1}, {1}};
  return walk;
}

/// T stands for any element of its size.
template <class T>
void gather_elements(const Array& array, int64_t base, const Walk& walk, Array& out) {
  const T* from = reinterpret_cast<const T*>(array.bytes());
  T* to = reinterpret_cast<T*>(out.bytes());
  const int64_t run = walk.dims.back(), step = walk.strides.back();
  std::vector<int64_t> index(walk.dims.size(), 0);
  int64_t at = base;
  for (int64_t done = 0; done < out.elements(); done += run) {
    for (int64_t i = 0; i < run; ++i) to[done + i] = from[at + i * step];
    for (size_t d = walk.dims.size() - 1; d-- > 0;) {
      at += walk.strides[d];
      if (++index[d] < walk.dims[d]) break;
      at -= walk.strides[d] * walk.dims[d];
      index[d] = 0;
    }
  }
}

const Array& value(const OpView& op, size_t i) {
  return *op.in(i).constant;
}

}  // namespace

std::vector<Array> one(Array array) {
  std::vector<Array> arrays;
  arrays.push_back(std::move(array));
  return arrays;
}

Array gather_strided(const Array& array, const Dims& dims, int64_t base,
                     const std::vector<int64_t>& strides) {
  Array out(array.type(), dims);
  const Walk walk = walk_of(dims, strides);
  switch (size_bytes(array.type())) {
    case 1:
      gather_elements<uint8_t>(array, base, walk, out);
      break;
    case 4:
      gather_elements<uint32_t>(array, base, walk, out);
      break;
    default:
      gather_elements<uint64_t>(array, base, walk, out);
  }
  return out;
}

Array broadcast_array(const Array& array, const Dims& dims) {
  const Dims& from = array.dims();
  const Dims dense = dense_strides(from);
  Dims strides(dims.size(), 0);
  for (size_t d = 0; d < from.size(); ++d)
    if (from[d] != 1) strides[dims.size() - from.size() + d] = dense[d];
  return gather_strided(array, dims, 0, strides);
}

Array transpose_array(const Array& array, const std::vector<int64_t>& perm) {
  const Dims from = dense_strides(array.dims());
  Dims dims, strides;
  for (int64_t d : perm) {
    dims.push_back(array.dims()[d]);
    strides.push_back(from[d]);
  }
  return gather_strided(array, dims, 0, strides);
}

Array reshape_array(const Array& array, const Dims& dims) {
  Array out(array.type(), dims);
  if (array.size_bytes() > 0) std::memcpy(out.bytes(), array.bytes(), array.size_bytes());
  return out;
}

Result<std::vector<Array>> fold_reshape(const OpView& op) {
  return one(reshape_array(value(op, 0), op.out(0).dims));
}

Result<std::vector<Array>> fold_cast(const OpView& op) {
  const Array& in = value(op, 0);
  const DType type = op.out(0).type;
  return one(is_integer(type) && is_integer(in.type())
                 ? from_ints(type, in.dims(), to_ints(in))
                 : from_doubles(type, in.dims(), to_doubles(in)));
}

Result<std::vector<Array>> fold_shape(const OpView& op) {
  const Dims& dims = op.dims(0);
  if (op.node().op == "Size")
    return one(from_ints(DType::i64, {}, {product(dims, 0, dims.size())}));
  const auto rank = static_cast<int64_t>(dims.size());
  int64_t from = std::clamp(op.attr("start", 0), -rank, rank);
  if (from < 0) from += rank;
  const int64_t count = op.out(0).dims[0];
  return one(from_ints(DType::i64, {count},
                       std::vector<int64_t>(dims.begin() + from, dims.begin() + from + count)));
}

Result<std::vector<Array>> fold_constant_of_shape(const OpView& op) {
  const auto found = op.node().attrs.find("value");
  if (found == op.node().attrs.end()) return one(Array(DType::f32, op.out(0).dims));
  const Array& number = **std::get_if<std::shared_ptr<const Array>>(&found->second);
  return one(
      gather_strided(number, op.out(0).dims, 0, std::vector<int64_t>(op.out(0).dims.size(), 0)));
}

Result<std::vector<Array>> fold_range(const OpView& op) {
  const Dims& dims = op.out(0).dims;
  if (is_integer(op.in(0).type)) {
    const auto start = static_cast<uint64_t>(to_ints(value(op, 0))[0]),
               step = static_cast<uint64_t>(to_ints(value(op, 2))[0]);
    std::vector<int64_t> values(dims[0]);
    for (int64_t i = 0; i < dims[0]; ++i)
      values[i] = static_cast<int64_t>(start + static_cast<uint64_t>(i) * step);
    return one(from_ints(op.in(0).type, dims, values));
  }
  const double start = to_doubles(value(op, 0))[0], step = to_doubles(value(op, 2))[0];
  std::vector<double> values(dims[0]);
  for (int64_t i = 0; i < dims[0]; ++i) values[i] = start + static_cast<double>(i) * step;
  return one(from_doubles(op.in(0).type, dims, values));
}

Result<std::vector<Array>> fold_eye_like(const OpView& op) {
  const Tensor& out = op.out(0);
  const int64_t rows = out.dims[0], columns = out.dims[1];
  const int64_t k = std::clamp(op.attr("k", 0), -rows, columns);
  std::vector<int64_t> values(rows * columns, 0);
  for (int64_t i = std::max<int64_t>(0, -k); i < std::min(rows, columns - k); ++i)
    values[i * columns + i + k] = 1;
  return one(from_ints(out.type, out.dims, values));
}

Result<std::vector<Array>> fold_transpose(const OpView& op) {
  TENFOLD_TRY(const std::vector<int64_t> perm, transpose_perm(op));
  return one(transpose_array(value(op, 0), perm));
}

Result<std::vector<Array>> fold_slice(const OpView& op) {
  TENFOLD_TRY(const SliceBox box, slice_box(op));
  Dims strides = dense_strides(op.dims(0));
  int64_t base = 0;
  for (size_t d = 0; d < strides.size(); ++d) {
    base += box.starts[d] * strides[d];
    strides[d] = box.extents[d] == 1 ? 0 : strides[d] * box.steps[d];
  }
  return one(gather_strided(value(op, 0), box.extents, base, strides));
}

Result<std::vector<Array>> fold_split(const OpView& op) {
  TENFOLD_TRY(const int64_t axis, normal_axis(op.attr("axis", 0), op.rank(0)));
  TENFOLD_TRY(const std::vector<int64_t> sizes, split_sizes(op, axis));
  const Dims strides = dense_strides(op.dims(0));
  std::vector<Array> parts;
  int64_t at = 0;
  for (int64_t size : sizes) {
    Dims dims = op.dims(0);
    dims[axis] = size;
    parts.push_back(gather_strided(value(op, 0), dims, at * strides[axis], strides));
    at += size;
  }
  return parts;
}

Result<std::vector<Array>> fold_concat(const OpView& op) {
  TENFOLD_TRY(const int64_t axis, normal_axis(op.attr("axis", 1), op.rank(0)));
  Array out(op.in(0).type, op.out(0).dims);
  const int64_t outer = product(out.dims(), 0, axis), size = size_bytes(out.type());
  std::byte* to = out.bytes();
  for (int64_t i = 0; i < outer; ++i)
    for (size_t k = 0; k < op.inputs(); ++k) {
      const int64_t run = product(op.dims(k), axis, op.dims(k).size()) * size;
      if (run > 0) std::memcpy(to, value(op, k).bytes() + i * run, run);
      to += run;
    }
  return one(std::move(out));
}

Result<std::vector<Array>> fold_gather(const OpView& op) {
  TENFOLD_TRY(const int64_t axis, normal_axis(op.attr("axis", 0), op.rank(0)));
  const Dims& dims = op.dims(0);
  const std::vector<int64_t> indices = to_ints(value(op, 1));
  Array out(op.in(0).type, op.out(0).dims);
  const int64_t outer = product(dims, 0, axis),
                run = product(dims, axis + 1, dims.size()) * size_bytes(out.type());
  std::byte* to = out.bytes();
  for (int64_t i = 0; i < outer; ++i)
    for (int64_t index : indices) {
      if (index < -dims[axis] || index >= dims[axis])
        return broken("index " + std::to_string(index) + " is outside");
      const int64_t from = i * dims[axis] + (index < 0 ? index + dims[axis] : index);
      if (run > 0) std::memcpy(to, value(op, 0).bytes() + from * run, run);
      to += run;
    }
  return one(std::move(out));
}

Result<std::vector<Array>> fold_gather_nd(const OpView& op) {
  const Dims &dims = op.dims(0), &by = op.dims(1);
  const int64_t batch = op.attr("batch_dims", 0), picked = by.back();
  const std::vector<int64_t> indices = to_ints(value(op, 1));
  Array out(op.in(0).type, op.out(0).dims);
  const int64_t batches = product(dims, 0, batch), each = product(by, batch, by.size() - 1),
                places = product(dims, batch, batch + picked),
                run = product(dims, batch + picked, dims.size()) * size_bytes(out.type());
  std::byte* to = out.bytes();
  for (int64_t tuple = 0; tuple < batches * each; ++tuple) {
    int64_t at = 0;
    for (int64_t d = 0; d < picked; ++d) {
      const int64_t index = indices[tuple * picked + d], extent = dims[batch + d];
      if (index < -extent || index >= extent)
        return broken("index " + std::to_string(index) + " is outside");
      at = at * extent + (index < 0 ? index + extent : index);
    }
    const std::byte* from = value(op, 0).bytes() + (tuple / each * places + at) * run;
    if (run > 0) std::memcpy(to, from, run);
    to += run;
  }
  return one(std::move(out));
}

Result<std::vector<Array>> fold_expand(const OpView& op) {
  return one(broadcast_array(value(op, 0), op.out(0).dims));
}

Result<std::vector<Array>> fold_tile(
    const OpView& op) {  // dims {r0, d0, r1, d1, ...} with stride 0 over repeats
  const Dims dense = dense_strides(op.dims(0));
  Dims dims, strides;
  for (size_t i = 0; i < dense.size(); ++i) {
    const int64_t extent = op.dims(0)[i];
    dims.insert(dims.end(), {extent == 0 ? 0 : op.out(0).dims[i] / extent, extent});
    strides.insert(strides.end(), {0, dense[i]});
  }
  return one(reshape_array(gather_strided(value(op, 0), dims, 0, strides), op.out(0).dims));
}

}  // namespace tenfold::graph
