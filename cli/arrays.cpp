#include "cli/arrays.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "cli/assignment.h"
#include "cli/npy.h"

namespace tenfold::cli {
namespace {

std::string port_text(const PortInfo& port) {
  return std::string(to_string(port.type)) + " " + to_string(port.dims);
}

std::string names_of(const std::vector<PortInfo>& ports) {
  std::string names;
  for (const PortInfo& port : ports) names += (names.empty() ? "" : ", ") + port.name;
  return names;
}

Status read_given(const std::vector<PortInfo>& ports, const std::vector<std::string>& given,
                  std::vector<Array>& arrays, std::vector<bool>& present) {
  for (const std::string& text : given) {
    TENFOLD_TRY(const auto assignment, split_assignment("--input", text));
    const auto& [name, path] = assignment;
    const auto port =
        std::find_if(ports.begin(), ports.end(), [&](const PortInfo& p) { return p.name == name; });
    if (port == ports.end())
      return Error{ErrorCode::invalid_argument,
                   "--input " + name + ": no such input; there are: " + names_of(ports)};
    const size_t index = static_cast<size_t>(port - ports.begin());
    if (present[index])
      return Error{ErrorCode::invalid_argument, "--input " + name + ": given twice"};
    TENFOLD_TRY(arrays[index], read_npy(path));
    if (arrays[index].type() != port->type || arrays[index].dims() != port->dims)
      return Error{ErrorCode::invalid_shape, path + ": holds " + to_string(arrays[index].type()) +
                                                 " " + to_string(arrays[index].dims()) +
                                                 ", but input '" + name + "' takes " +
                                                 port_text(*port)};
    present[index] = true;
  }
  return {};
}

double element(const Array& array, int64_t index) {
  const size_t i = static_cast<size_t>(index);
  switch (array.type()) {
    case DType::f32:
      return array.as<float>()[i];
    case DType::f64:
      return array.as<double>()[i];
    case DType::i8:
      return array.as<int8_t>()[i];
    case DType::u8:
    case DType::boolean:
      return array.as<uint8_t>()[i];
    case DType::i32:
      return array.as<int32_t>()[i];
    case DType::i64:
      return static_cast<double>(array.as<int64_t>()[i]);
    case DType::f16:
      break;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

Result<std::vector<Array>> read_inputs(const std::vector<PortInfo>& ports,
                                       const std::vector<std::string>& given) {
  std::vector<Array> arrays(ports.size());
  std::vector<bool> present(ports.size(), false);
  TENFOLD_CHECK(read_given(ports, given, arrays, present));
  for (size_t i = 0; i < ports.size(); ++i)
    if (!present[i])
      return Error{
          ErrorCode::invalid_argument,
          "--input " + ports[i].name + "=FILE.npy is missing: it takes " + port_text(ports[i])};
  return arrays;
}

Result<std::vector<Array>> read_or_make_inputs(const std::vector<PortInfo>& ports,
                                               const std::vector<std::string>& given,
                                               uint64_t seed) {
  std::vector<Array> arrays(ports.size());
  std::vector<bool> present(ports.size(), false);
  TENFOLD_CHECK(read_given(ports, given, arrays, present));
  std::mt19937_64 random(seed);
  for (size_t i = 0; i < ports.size(); ++i) {
    if (present[i]) continue;
    arrays[i] = Array(ports[i].type, ports[i].dims);
    if (ports[i].type != DType::f32) continue;
    for (float& value : arrays[i].as<float>())
      value = static_cast<float>(static_cast<int64_t>(random() >> 40) - (1 << 23)) /
              static_cast<float>(1 << 23);
  }
  return arrays;
}

Result<Difference> compare(const Array& got, const Array& want) {
  const bool whole = got.type() == DType::f32 &&  // places that ArgMax finds
                     (want.type() == DType::i64 || want.type() == DType::i32);
  if ((got.type() != want.type() && !whole) || got.dims() != want.dims())
    return Error{ErrorCode::invalid_shape, std::string("compared with ") + to_string(want.type()) +
                                               " " + to_string(want.dims()) + ", but it is " +
                                               to_string(got.type()) + " " + to_string(got.dims())};
  if (got.type() == DType::f16)
    return Error{ErrorCode::unsupported, "f16 outputs are not compared"};
  Difference worst;
  for (int64_t i = 0; i < got.elements(); ++i) {
    const double a = element(got, i), b = element(want, i);
    double absolute = a == b ? 0 : std::fabs(a - b);
    if (!std::isfinite(absolute)) absolute = std::numeric_limits<double>::infinity();
    const double relative = absolute / std::max(1.0, std::isfinite(b) ? std::fabs(b) : 1.0);
    worst.max_abs = std::max(worst.max_abs, absolute);
    if (std::isfinite(b)) worst.scale = std::max(worst.scale, std::fabs(b));
    if (relative > worst.max_rel || i == 0) worst = {worst.max_abs, relative, i, a, b, worst.scale};
  }
  return worst;
}

}  // namespace tenfold::cli
