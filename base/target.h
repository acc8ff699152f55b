// Targets are ours: names of a machine to compile for, with the facts that legality and defaults are computed from.
// codegen/ maps a name to the compiler's own flags in one table.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tenfold {

enum class DeviceKind { cpu, opencl, cuda };

const char* to_string(DeviceKind kind);

struct Target {
  std::string name;  // canonical: x86_64-avx2, x86_64-avx512, opencl, cuda-sm80, cuda-sm90
  DeviceKind device = DeviceKind::cpu;
  int lanes = 8;                     // float32 lanes of a native vector
  int registers = 16;                // vector registers
  int unit_lanes = 8;                // that an arithmetic unit takes in a cycle
  int cuda_capability = 0;           // 80 for sm_80
  int64_t l1_bytes = 32 << 10;       // data cache of one core
  int64_t l2_bytes = 512 << 10;      // of one core
  int64_t l3_bytes = 16 << 20;       // share that one program may count on
};

/// "host" is the best CPU target that this machine runs. Caches are those of this machine where the target is of its
/// kind, else the table's. Errors: invalid_argument for an unknown name, with the known ones in the message.
Result<Target> parse_target(std::string_view name);

/// Every name that parse_target takes, "host" first.
std::vector<std::string> target_names();

/// Cycles that a vector of `lanes` holds an arithmetic or a load unit for: 2 where a unit takes it in two halves, as Zen 4
/// does with 16 lanes. Then vectors of 8 are nearly as fast, being twice the instructions, and leave fewer lanes empty.
double unit_cycles(const Target& target, int64_t lanes);

/// True when code for a CPU target runs here.
bool runs_here(const Target& target);

/// The CPU's model name as the operating system reports it: part of a record's key.
std::string cpu_name();

}  // namespace tenfold
