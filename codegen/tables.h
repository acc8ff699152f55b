// The tables of a library as plain data: what tenfold/abi.h's structures will hold. Made once from
// the plans, then written three times: as data for the linker (assembly.h), as the manifest, as the
// header.
#pragma once
#include <string>
#include <vector>

#include "base/buffer_layout.h"
#include "base/packing.h"
#include "codegen/library.h"
#include "tenfold/abi.h"

namespace tenfold::codegen {

class WeightsWriter;

struct OperandTable {
  tenfold_home home = TENFOLD_HOME_ARENA;
  uint32_t index = 0;  // of the port; of the root in the arena; of the param
  int64_t offset_bytes = 0;
  View view;  // of a param: its packed array, dense
  std::vector<BufferDim> dims;
};

struct StepTable {
  std::string name, task, config, kernel;
  std::vector<OperandTable> operands;  // inputs, params, outputs
  std::vector<tenfold_fill> fills;
  std::string tensor;  // see graph::Step
};

/// A constant of a single operator, as its user has it and as its kernel wants it.
struct ParamTable {
  std::string name;
  Packing packing;
  int64_t packed_size_bytes = 0;
};

struct VariantTable {
  Target target;
  int64_t arena_bytes = 0, scratch_bytes = 0;
  int64_t weights_offset_bytes = 0, weights_size_bytes = 0;
  std::vector<StepTable> steps;
  std::vector<tenfold_fill> fills;
  std::vector<ParamTable> params;  // single operators only
};

struct PortTable {
  std::string name;
  DType type = DType::f32;
  Dims dims;
  int64_t size_bytes = 0;
};

struct Tables {
  std::string name, compiler;
  bool single_op = false;
  std::vector<PortTable> inputs, outputs;
  std::vector<VariantTable> variants;
  int64_t weights_size_bytes = 0;
  std::string weights_hash;
};

/// Packs every constant into `weights`, which is null for a single operator, and lays the plans
/// out. weights_size_bytes and weights_hash are left to the caller. Errors: invalid_argument when
/// the variants contradict each other, or a single operator is not one step over buffers of its
/// own; invalid_shape when a view does not fit a kernel's 32-bit dimensions; io.
Result<Tables> make_tables(const std::vector<VariantInput>& variants, const LibraryOptions& options,
                           WeightsWriter* weights);

}  // namespace tenfold::codegen
