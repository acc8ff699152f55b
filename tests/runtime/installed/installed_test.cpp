// What a user does: installs the runtime, compiles networks and operators, builds programs against
// both outside of the tree, and runs them. The examples are these programs.
#include <gtest/gtest.h>
#include <stb_image.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "../toy.h"

namespace {

namespace fs = std::filesystem;

const std::string source = TENFOLD_SOURCE_DIR;
const std::string models = source + "/.deps/models/";

struct Outcome {
  int exit_code = -1;
  std::string text;  // both streams
};

Outcome run(const std::string& command) {
  Outcome outcome;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return outcome;
  char buffer[4096];
  while (const size_t size = fread(buffer, 1, sizeof buffer, pipe))
    outcome.text.append(buffer, size);
  const int status = pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

std::string run_well(const std::string& command) {
  const Outcome outcome = run(command);
  EXPECT_EQ(outcome.exit_code, 0) << command << "\n" << outcome.text;
  return outcome.text;
}

class Installed : public testing::Test {
 protected:
  void SetUp() override {
    prefix_ = folder_ / "prefix";
    run_well(std::string(CMAKE_PROGRAM) +
             " --install " TENFOLD_BUILD_DIR " --component runtime --prefix " + prefix_);
  }

  /// With the untuned choices: the user's own records are kept out.
  void compile(const std::string& arguments, const std::string& name) {
    run_well("XDG_CACHE_HOME=" + (folder_ / "cache") + " " TENFOLD_BIN_DIR "/tenfold compile " +
             arguments + " --name " + name + " -o " + (folder_ / name));
  }

  /// Builds a CMake project against the installed tree and the folders of libraries; returns its
  /// build folder.
  std::string build(const std::string& project, const std::string& libraries,
                    const std::string& more = "") {
    const std::string out = folder_ / ("build" + std::to_string(++builds_));
    run_well(std::string(CMAKE_PROGRAM) + " -S " + project + " -B " + out +
             " -DCMAKE_PREFIX_PATH='" + prefix_ + ";" + libraries + "' " + more);
    run_well(std::string(CMAKE_PROGRAM) + " --build " + out);
    return out;
  }

  static void expect_free_of_compilers(const std::string& program) {
    const std::string libraries = run_well("ldd " + program);
    EXPECT_EQ(libraries.find("Halide"), std::string::npos) << libraries;
    EXPECT_EQ(libraries.find("LLVM"), std::string::npos) << libraries;
    EXPECT_EQ(libraries.find("not found"), std::string::npos) << libraries;
  }

  toy::Folder folder_;
  std::string prefix_;
  int builds_ = 0;
};

TEST_F(Installed, RuntimeExportsOnlyItsInterface) {
  for (const char* file : {"/lib/libtenfold_runtime.a", "/lib/libtenfold_runtime.so"}) {
    const std::string dynamic = std::string(file).ends_with(".so") ? " -D" : "";
    std::istringstream names(run_well("nm --defined-only -g" + dynamic + " " + prefix_ + file));
    int count = 0;
    for (std::string line; std::getline(names, line);) {
      if (line.empty() || line.back() == ':') continue;
      ++count;
      EXPECT_NE(line.find(" T tenfold_"), std::string::npos) << file << ": " << line;
    }
    EXPECT_GT(count, 20);
  }
  const std::string stripped = folder_ / "stripped.so";
  run_well("strip -o " + stripped + " " + prefix_ + "/lib/libtenfold_runtime.so");
  EXPECT_LE(fs::file_size(stripped), 2u << 20);
  expect_free_of_compilers(prefix_ + "/lib/libtenfold_runtime.so");
}

TEST_F(Installed, ConvolutionInC) {
  compile("--op 'conv2d n=1 h=30 w=40 c=24 k=36 r=3 s=3 pad=1 bias relu'", "conv");
  const std::string by_cmake = build(source + "/examples/conv_c", folder_ / "conv") + "/conv_c";
  run_well("make -C " + source + "/examples/conv_c OUT=" + (folder_ / "make") +
           " PKG_CONFIG_PATH=" + prefix_ + "/lib/pkgconfig:" + (folder_ / "conv"));
  for (const std::string& program : {by_cmake, folder_ / "make/conv_c"}) {
    EXPECT_EQ(run_well(program),
              "{\"values\": 43200, \"wrong_alone\": 0, \"wrong_with_threads\": 0}\n");
    expect_free_of_compilers(program);
  }
}

/// A part of the page as a file that stb reads, turned by 180 degrees or not.
void write_part(const std::string& path, bool turned) {
  constexpr int left = 5, top = 11, width = 292, height = 24;  // the title
  int page_width = 0, page_height = 0, channels = 0;
  uint8_t* page = stbi_load((models + "page.png").c_str(), &page_width, &page_height, &channels, 1);
  ASSERT_NE(page, nullptr);
  std::ofstream file(path, std::ios::binary);
  file << "P5 " << width << " " << height << " 255\n";
  for (int i = 0; i < width * height; ++i) {
    const int at = turned ? width * height - 1 - i : i;
    file.put(static_cast<char>(page[(top + at / width) * page_width + left + at % width]));
  }
  stbi_image_free(page);
}

TEST_F(Installed, ClassifierInC) {
  compile(models + "ch_ppocr_mobile_v2.0_cls_infer.onnx --shape x=1,3,48,192 --emit shared", "cls");
  run_well("make -C " + source + "/examples/classify OUT=" + (folder_ / "make") +
           " PKG_CONFIG_PATH=" + prefix_ + "/lib/pkgconfig");
  const std::string program = folder_ / "make/classify";
  expect_free_of_compilers(program);
  for (const bool turned : {false, true}) {
    write_part(folder_ / "line.pgm", turned);
    const std::string text =
        run_well(program + " " + (folder_ / "cls") + " " + (folder_ / "line.pgm") + " 2");
    EXPECT_TRUE(text.starts_with(turned ? "{\"class\": 1," : "{\"class\": 0,")) << text;
  }
  const Outcome missing = run(program + " " + (folder_ / "nothing") + " " + (folder_ / "line.pgm"));
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_NE(missing.text.find("does not exist"), std::string::npos) << missing.text;
}

TEST_F(Installed, ClassifierOnOtherDevices) {
  const std::string model =
      models + "ch_ppocr_mobile_v2.0_cls_infer.onnx --shape x=1,3,48,192 --emit shared ";
  run_well("make -C " + source + "/examples/classify OUT=" + (folder_ / "make") +
           " PKG_CONFIG_PATH=" + prefix_ + "/lib/pkgconfig");
  const std::string program = folder_ / "make/classify";
  write_part(folder_ / "line.pgm", true);

  compile(model + "--target opencl", "cls");
  const std::string text =
      run_well(program + " " + (folder_ / "cls") + " " + (folder_ / "line.pgm"));
  EXPECT_TRUE(text.starts_with("{\"class\": 1,")) << text;
  EXPECT_NE(text.find("\"target\": \"opencl\""), std::string::npos) << text;

  // Of several targets the first that the machine runs is taken.
  compile(model + "--target opencl,host", "both");
  const std::string chosen =
      run_well(program + " " + (folder_ / "both") + " " + (folder_ / "line.pgm"));
  EXPECT_NE(chosen.find("\"target\": \"opencl\""), std::string::npos) << chosen;
  const Outcome hidden = run("OCL_ICD_VENDORS=" + (folder_ / "none") + " " + program + " " +
                             (folder_ / "both") + " " + (folder_ / "line.pgm"));
  EXPECT_EQ(hidden.exit_code, 0) << hidden.text;
  EXPECT_NE(hidden.text.find("\"target\": \"x86_64"), std::string::npos) << hidden.text;
  const Outcome refused = run("OCL_ICD_VENDORS=" + (folder_ / "none") + " " + program + " " +
                              (folder_ / "cls") + " " + (folder_ / "line.pgm"));
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.text.find("OpenCL: no device on this machine"), std::string::npos)
      << refused.text;
}

TEST_F(Installed, DetectorInCpp) {
  compile(models + "ch_PP-OCRv4_det_infer.onnx --shape x=1,3,384,768 --emit both", "detector");
  const std::string project = source + "/examples/detect";
  const std::string with_archive = build(project, folder_ / "detector") + "/detect";
  const std::string with_shared =
      build(project, folder_ / "detector", "-DDETECTOR_SHARED=ON") + "/detect";
  for (const std::string& program : {with_archive, with_shared}) {
    expect_free_of_compilers(program);
    for (const std::string& network : {std::string("linked"), folder_ / "detector"}) {
      const std::string picture = folder_ / "out.png";
      const std::string text = run_well(program + " " + network + " " + models + "page.png " +
                                        picture + " --threads 2 --runs 1");
      EXPECT_TRUE(text.starts_with("{\"lines\": 7, \"regions\": 7,")) << text;
      int width = 0, height = 0, channels = 0;
      EXPECT_EQ(stbi_info(picture.c_str(), &width, &height, &channels), 1);
      EXPECT_EQ(width, 768);
      fs::remove(picture);
    }
  }
}

TEST_F(Installed, NetworksAndAPipelineOfTheUsersOwn) {
  compile(models + "ch_ppocr_mobile_v2.0_cls_infer.onnx --shape x=1,3,48,64 --emit both", "first");
  compile(models + "ch_ppocr_mobile_v2.0_cls_infer.onnx --shape x=2,3,48,48 --emit both", "second");
  fs::create_directory(folder_ / "user");
  run_well(TENFOLD_BIN_DIR "/make_user_pipeline " + (folder_ / "user"));
  const std::string program =
      build(source + "/tests/runtime/neighbours", (folder_ / "first") + ";" + (folder_ / "second"),
            "-DUSER_PIPELINE_FOLDER=" + (folder_ / "user") +
                " -DHALIDE_INCLUDE_FOLDER=" HALIDE_INCLUDE_FOLDER) +
      "/neighbours";
  expect_free_of_compilers(program);
  EXPECT_EQ(run_well(program + " " + (folder_ / "first") + " " + (folder_ / "second")),
            "{\"wrong\": 0, \"allocations\": 0}\n");
}

}  // namespace
