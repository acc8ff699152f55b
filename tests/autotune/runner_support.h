// Candidates for the runner's tests: objects made by cc from a few lines of C, and by our own
// compiler.
#pragma once
#include <cstdlib>
#include <fstream>

#include "autotune/runner_client.h"
#include "codegen/kernel.h"
#include "dsl/op.h"
#include "tests/autotune/support.h"

namespace tenfold::autotune {

/// Compiles a source file (.c or .s by its name) into an object.
inline std::string object_of(const Folder& folder, const std::string& name,
                             const std::string& source) {
  const std::string file = folder.file(name), object = file + ".o";
  std::ofstream(file) << source;
  const std::string command = "cc -O1 -mavx2 -fno-builtin -w -c -o " + object + " " + file;
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  return object;
}

/// The body of a kernel with one input x and one output y, 128 floats each.
inline std::string kernel_source(const std::string& body, const std::string& before = "") {
  return R"(
    struct buffer { unsigned long device; void* interface; float* host; };
    void* halide_malloc(void*, unsigned long);
    void halide_free(void*, void*);
    void halide_error(void*, const char*);
    int halide_do_par_for(void*, int (*)(void*, int, unsigned char*), int, int, unsigned char*);
  )" + before +
         R"(
    int candidate_argv(void** arguments) {
      void* context = *(void**)arguments[0];
      const float* x = ((struct buffer*)arguments[1])->host;
      float* y = ((struct buffer*)arguments[2])->host;
      (void)context;
  )" + body +
         "\n return 0; }\n";
}

inline Candidate candidate_of(const Task& task, const Target& target, const std::string& object) {
  return {.config = schedules::initial_config(task, target),
          .symbol = "candidate",
          .object_path = object};
}

/// A candidate made by the compiler of the product, in this process.
inline Candidate compiled(const Folder& folder, const Task& task, const Target& target,
                          const Config& config) {
  const auto kernel = codegen::compile_kernel({.task = task, .config = config, .target = target});
  EXPECT_TRUE(kernel) << kernel.error().message;
  if (!kernel) return {};
  const std::string object = folder.file(kernel->symbol + ".o");
  std::ofstream(object, std::ios::binary) << kernel->object;
  return {.config = config, .symbol = kernel->symbol, .object_path = object};
}

inline std::unique_ptr<RunnerClient> start_runner(RunnerOptions options = {}) {
  options.runner_path = std::string(TENFOLD_BIN_DIR) + "/tenfold-runner";
  auto client = RunnerClient::start(options);
  EXPECT_TRUE(client) << client.error().message;
  return client ? *std::move(client) : nullptr;
}

}  // namespace tenfold::autotune
