#include "base/target.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace tenfold {
namespace {

const Target target_rows[] = {
    {.name = "x86_64-avx2", .lanes = 8, .registers = 16},
    {.name = "x86_64-avx512", .lanes = 16, .registers = 32, .unit_lanes = 16, .l2_bytes = 1 << 20},
    {.name = "opencl", .device = DeviceKind::opencl, .lanes = 1, .registers = 64},
    {.name = "cuda-sm80", .device = DeviceKind::cuda, .lanes = 1, .registers = 255, .cuda_capability = 80},
    {.name = "cuda-sm90", .device = DeviceKind::cuda, .lanes = 1, .registers = 255, .cuda_capability = 90},
};

bool cpu_has(const Target& target) {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (target.name == "x86_64-avx2") return avx2;
  if (target.name == "x86_64-avx512")
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512cd");
#endif
  return false;
}

// Zen 4, the one of AMD's family 19h that has AVX-512: its units are 256 bits wide. A narrower target loses nothing by it.
bool halves_wide_vectors() {
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__builtin_cpu_is("amd") || !__get_cpuid(1, &a, &b, &c, &d)) return false;
  const unsigned family = (a >> 8 & 0xf) + (a >> 20 & 0xff);
  return family == 0x19;
#else
  return false;
#endif
}

// The L3 that the first core has a part in; 0 where the system does not tell. Where a socket has
// several, as AMD's do, sysconf gives their sum.
int64_t shared_l3_bytes() {
  std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index3/size");
  int64_t kib = 0;
  char unit = 0;
  return file >> kib >> unit && kib > 0 && unit == 'K' ? kib << 10 : 0;
}

void take_caches_of_this_machine(Target& target) {
  const auto take = [](int name, int64_t& bytes) {
    if (const long size = sysconf(name); size > 0) bytes = size;
  };
  take(_SC_LEVEL1_DCACHE_SIZE, target.l1_bytes);
  take(_SC_LEVEL2_CACHE_SIZE, target.l2_bytes);
  take(_SC_LEVEL3_CACHE_SIZE, target.l3_bytes);
  if (const int64_t shared = shared_l3_bytes(); shared > 0) target.l3_bytes = shared;
}

}  // namespace

const char* to_string(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::cpu: return "cpu";
    case DeviceKind::opencl: return "opencl";
    case DeviceKind::cuda: return "cuda";
  }
  return "unknown";
}

std::vector<std::string> target_names() {
  std::vector<std::string> names{"host"};
  for (const Target& row : target_rows) names.push_back(row.name);
  return names;
}

double unit_cycles(const Target& target, int64_t lanes) {
  const int64_t native = std::min<int64_t>(lanes, target.lanes);
  if (native > target.unit_lanes) return static_cast<double>(native) / target.unit_lanes;
  return target.lanes > target.unit_lanes ? 1.1 : 1;
}

bool runs_here(const Target& target) { return target.device == DeviceKind::cpu && cpu_has(target); }

Result<Target> parse_target(std::string_view name) {
  const Target* found = nullptr;
  for (const Target& row : target_rows) {
    if (row.name == name) found = &row;
    if (name == "host" && runs_here(row)) found = &row;  // rows go from narrow to wide
  }
  if (!found) {
    std::string known;
    for (const std::string& row : target_names()) known += (known.empty() ? "" : ", ") + row;
    if (name == "host")
      return Error{ErrorCode::unavailable, "this CPU runs none of the CPU targets: it lacks AVX2 and FMA"};
    return Error{ErrorCode::invalid_argument, "unknown target '" + std::string(name) + "'; known: " + known};
  }
  Target target = *found;
  if (runs_here(target)) {
    take_caches_of_this_machine(target);
    if (halves_wide_vectors()) target.unit_lanes = 8;
  }
  return target;
}

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

}  // namespace tenfold
