#include "codegen/assembly.h"

#include <bit>
#include <cstddef>
#include <map>

namespace tenfold::codegen {
namespace {

// The order of the fields below is that of abi.h; these sizes fail the build when one is added
// there alone.
static_assert(sizeof(tenfold_dim) == 12 && sizeof(tenfold_operand) == 32 &&
              sizeof(tenfold_fill) == 32);
static_assert(sizeof(tenfold_step) == 56 && sizeof(tenfold_port) == 32 &&
              sizeof(tenfold_variant) == 72);
static_assert(sizeof(tenfold_pack_axis) == 24 && sizeof(tenfold_pack_transform) == 32);
static_assert(sizeof(tenfold_param) == 56 && sizeof(tenfold_library) == 104);

/// One array or structure: fields in order, each aligned to its own size as the C compiler would.
class Data {
 public:
  Data& u32(uint64_t value) {
    return field(".long", 4, std::to_string(static_cast<uint32_t>(value)));
  }
  Data& i32(int64_t value) {
    return field(".long", 4, std::to_string(static_cast<int32_t>(value)));
  }
  Data& i64(int64_t value) { return field(".quad", 8, std::to_string(value)); }
  Data& f64(double value) {
    return field(".quad", 8, std::to_string(std::bit_cast<uint64_t>(value)));
  }
  Data& pointer(const std::string& symbol) {
    relocated_ = relocated_ || !symbol.empty();
    return field(".quad", 8, symbol.empty() ? "0" : symbol);
  }
  bool empty() const { return text_.empty(); }
  bool relocated() const { return relocated_; }
  const std::string& text() const { return text_; }

 private:
  Data& field(const char* directive, int size, const std::string& value) {
    text_ += "\t.balign " + std::to_string(size) + "\n\t" + directive + ' ' + value + '\n';
    return *this;
  }
  std::string text_;
  bool relocated_ = false;
};

class Writer {
 public:
  std::string library(const Tables& tables);

 private:
  std::string string(const std::string& text);
  std::string place(const Data& data, const std::string& label = {});

  std::string dims(const Dims& dims);
  std::string operands(const StepTable& step);
  std::string fills(const std::vector<tenfold_fill>& fills);
  std::string steps(const VariantTable& variant);
  std::string ports(const std::vector<PortTable>& ports);
  std::string params(const Tables& tables);
  std::string variants(const Tables& tables);

  std::string text_, strings_text_;
  std::map<std::string, std::string> strings_;
  int labels_ = 0;
};

std::string quoted(const std::string& text) {
  constexpr char octal[] = "01234567";
  std::string out = "\"";
  for (const unsigned char c : text) {
    if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
      out += static_cast<char>(c);
    else
      out += {'\\', octal[c >> 6], octal[c >> 3 & 7], octal[c & 7]};
  }
  return out + '"';
}

std::string Writer::string(const std::string& text) {
  std::string& label = strings_[text];
  if (label.empty()) {
    label = ".Ls" + std::to_string(labels_++);
    strings_text_ += label + ":\t.asciz " + quoted(text) + '\n';
  }
  return label;
}

std::string Writer::place(const Data& data, const std::string& name) {
  if (data.empty()) return {};
  const std::string label = name.empty() ? ".Ld" + std::to_string(labels_++) : name;
  text_ += data.relocated() ? "\t.section .data.rel.ro.tenfold,\"aw\",@progbits\n"
                            : "\t.section .rodata.tenfold,\"a\",@progbits\n";
  text_ += "\t.balign 8\n" + label + ":\n" + data.text();
  return label;
}

std::string Writer::dims(const Dims& dims) {
  Data data;
  for (int64_t extent : dims) data.i64(extent);
  return place(data);
}

std::string Writer::operands(const StepTable& step) {
  Data data;
  for (const OperandTable& operand : step.operands) {
    Data dims;
    for (const BufferDim& dim : operand.dims) dims.i32(dim.min).i32(dim.extent).i32(dim.stride);
    data.u32(operand.home).u32(operand.index).i64(operand.offset_bytes);
    data.u32(static_cast<uint32_t>(operand.view.type))
        .u32(operand.dims.size())
        .pointer(place(dims));
  }
  return place(data);
}

std::string Writer::fills(const std::vector<tenfold_fill>& fills) {
  Data data;
  for (const tenfold_fill& fill : fills)
    data.i64(fill.offset_bytes).i64(fill.row_bytes).i64(fill.stride_bytes).i64(fill.rows);
  return place(data);
}

std::string Writer::steps(const VariantTable& variant) {
  Data data;
  for (const StepTable& step : variant.steps) {
    data.pointer(string(step.name)).pointer(string(step.task)).pointer(string(step.config));
    data.pointer(step.kernel + "_argv").u32(step.operands.size()).u32(step.fills.size());
    data.pointer(operands(step)).pointer(fills(step.fills));
  }
  return place(data);
}

std::string Writer::ports(const std::vector<PortTable>& ports) {
  Data data;
  for (const PortTable& port : ports)
    data.pointer(string(port.name))
        .u32(static_cast<uint32_t>(port.type))
        .u32(port.dims.size())
        .pointer(dims(port.dims))
        .i64(port.size_bytes);
  return place(data);
}

std::string Writer::params(const Tables& tables) {
  Data data;
  for (const VariantTable& variant : tables.variants)
    for (const ParamTable& param : variant.params) {
      Data axes, transforms;
      for (const PackAxis& axis : param.packing.axes)
        axes.i32(axis.dim).i64(axis.step).i64(axis.extent);
      for (const PackTransform& transform : param.packing.transforms) {
        Data matrix;
        for (double value : transform.matrix) matrix.f64(value);
        transforms.i32(transform.dim)
            .i64(transform.rows)
            .i64(transform.cols)
            .pointer(place(matrix));
      }
      data.pointer(string(param.name))
          .u32(param.packing.source.size())
          .u32(param.packing.axes.size());
      data.u32(param.packing.transforms.size()).pointer(dims(param.packing.source));
      data.pointer(place(axes)).pointer(place(transforms)).i64(param.packed_size_bytes);
    }
  return place(data);
}

std::string Writer::variants(const Tables& tables) {
  Data data;
  for (const VariantTable& variant : tables.variants) {
    data.pointer(string(variant.target.name)).u32(static_cast<uint32_t>(variant.target.device));
    data.u32(variant.target.cuda_capability).i64(variant.arena_bytes).i64(variant.scratch_bytes);
    data.i64(variant.weights_offset_bytes).i64(variant.weights_size_bytes);
    data.u32(variant.steps.size()).u32(variant.fills.size());
    data.pointer(steps(variant)).pointer(fills(variant.fills));
  }
  return place(data);
}

std::string Writer::library(const Tables& tables) {
  Data data;
  data.u32(TENFOLD_ABI_VERSION).pointer(string(tables.name)).pointer(string(tables.compiler));
  data.u32(tables.inputs.size()).u32(tables.outputs.size()).u32(tables.variants.size());
  data.u32(tables.variants[0].params.size());
  data.pointer(ports(tables.inputs)).pointer(ports(tables.outputs)).pointer(variants(tables));
  data.pointer(params(tables)).i64(tables.weights_size_bytes).pointer(string(tables.weights_hash));
  data.pointer(tables.single_op ? "tenfold_single_run" : "");
  data.pointer(tables.single_op ? "tenfold_single_pack" : "");
  text_ += "\t.globl tenfold_tables\n\t.hidden tenfold_tables\n";
  place(data, "tenfold_tables");
  return text_ + "\t.section .rodata.tenfold,\"a\",@progbits\n" + strings_text_ +
         "\t.section .note.GNU-stack,\"\",@progbits\n";
}

}  // namespace

std::string assembly_of(const Tables& tables) {
  return Writer().library(tables);
}

}  // namespace tenfold::codegen
