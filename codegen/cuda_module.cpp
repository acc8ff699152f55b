#include "codegen/cuda_module.h"

#include <cstdio>
#include <cstring>
#include <filesystem>

#include "codegen/file.h"
#include "codegen/process.h"
#include "tenfold/abi.h"

namespace tenfold::codegen {
namespace {

// "16 bytes stack frame, 8 bytes spill stores, 8 bytes spill loads", a line a kernel.
bool spills(const std::string& report) {
  for (size_t at = report.find("bytes spill"); at != std::string::npos;
       at = report.find("bytes spill", at + 1)) {
    const size_t number = report.find_last_not_of("0123456789", at - 2);
    if (std::strtol(report.c_str() + number + 1, nullptr, 10) != 0) return true;
  }
  return false;
}

Result<std::string> run_ptxas(const std::string& ptxas, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), ptxas.empty() ? "ptxas" : ptxas);
  auto report = run_program(arguments);
  if (report || !ptxas.empty() || report.error().code != ErrorCode::unavailable) return report;
  arguments[0] = TENFOLD_PTXAS;
  report = run_program(arguments);
  if (!report && report.error().code == ErrorCode::unavailable)
    return Error{ErrorCode::unavailable,
                 "CUDA targets need ptxas, which is not in PATH: it comes with the CUDA toolkit"};
  return report;
}

size_t padded(size_t size) {
  return (size + 15) / 16 * 16;
}

}  // namespace

Result<std::string> assemble_ptx(const std::string& ptx, int capability, const std::string& ptxas) {
  TENFOLD_TRY(const TemporaryFolder folder, TemporaryFolder::make_for_tools());
  const std::string source = folder.path() + "/kernel.ptx", cubin = folder.path() + "/kernel.cubin";
  // The embedded text ends with a zero byte, which ptxas would not take.
  TENFOLD_CHECK(write_file(source, std::string_view(ptx.c_str())));
  TENFOLD_TRY(const std::string report, run_ptxas(ptxas, {"-arch=sm_" + std::to_string(capability),
                                                          "-v", source, "-o", cubin}));
  if (spills(report))
    return Error{ErrorCode::failed, "ptxas spills registers for sm_" + std::to_string(capability)};
  return read_file(cubin);
}

std::string cuda_module(const std::string& cubin, int capability, const std::string& ptx) {
  tenfold_cuda_module header{};
  std::memcpy(header.magic, TENFOLD_CUDA_MAGIC, sizeof header.magic);
  header.image_count = 2;
  tenfold_cuda_image images[2]{};
  const size_t begin = padded(sizeof header + sizeof images);
  images[0] = {static_cast<uint32_t>(capability), 0, begin, cubin.size()};
  images[1] = {0, 0, begin + padded(cubin.size()), ptx.size()};
  std::string blob(images[1].offset_bytes + ptx.size(), '\0');
  std::memcpy(blob.data(), &header, sizeof header);
  std::memcpy(blob.data() + sizeof header, images, sizeof images);
  std::memcpy(blob.data() + images[0].offset_bytes, cubin.data(), cubin.size());
  std::memcpy(blob.data() + images[1].offset_bytes, ptx.data(), ptx.size());
  return blob;
}

}  // namespace tenfold::codegen
