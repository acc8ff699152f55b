// detect: finds the lines of text on a page with the PP-OCR detector, draws them over the page, and
// prints what it found and how long it took as JSON.
//
//   detect linked|LIB_DIR PAGE OUT.png [--threads N] [--runs N] [--save-input X.npy] [--save-output
//   Y.npy]
//
// "linked" takes the network that this program is linked with; a folder is opened while the program
// runs.
#include <detector.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

#include "npy.h"
#include "picture.h"
#include "regions.h"

namespace {

struct Options {
  std::string network, page, drawing, save_input, save_output;
  uint32_t threads = 0;
  int runs = 20;
};

Options parse(int argc, char** argv) {
  const char* usage =
      "usage: detect linked|LIB_DIR PAGE OUT.png [--threads N] [--runs N] [--save-input X.npy] "
      "[--save-output Y.npy]";
  if (argc < 4) throw std::invalid_argument(usage);
  Options options{argv[1], argv[2], argv[3], "", ""};
  for (int i = 4; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) throw std::invalid_argument(usage);
    if (name == "--threads")
      options.threads = static_cast<uint32_t>(std::strtoul(argv[i + 1], nullptr, 10));
    else if (name == "--runs")
      options.runs = std::max(1, std::atoi(argv[i + 1]));
    else if (name == "--save-input")
      options.save_input = argv[i + 1];
    else if (name == "--save-output")
      options.save_output = argv[i + 1];
    else
      throw std::invalid_argument(usage);
  }
  return options;
}

void check(tenfold_status status) {
  if (status != TENFOLD_OK)
    throw std::runtime_error(std::string(tenfold_status_text(status)) + ": " +
                             tenfold_last_error());
}

struct Close {
  void operator()(tenfold_network* network) const { tenfold_close(network); }
  void operator()(tenfold_context* context) const { tenfold_context_free(context); }
};
using Network = std::unique_ptr<tenfold_network, Close>;
using Context = std::unique_ptr<tenfold_context, Close>;

Network open_network(const std::string& where) {
  tenfold_network* network = nullptr;
  check(where == "linked" ? detector_open(DETECTOR_WEIGHTS, &network)
                          : tenfold_open(where.c_str(), nullptr, &network));
  return Network(network);
}

Context make_context(const Network& network, uint32_t threads) {
  tenfold_context_options options = {};
  options.threads = threads;
  tenfold_context* context = nullptr;
  check(tenfold_context_create(network.get(), &options, &context));
  return Context(context);
}

double now_ms() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

/// 64-byte aligned, as the network likes its buffers best.
struct Buffer {
  explicit Buffer(int64_t bytes)
      : size_bytes(static_cast<size_t>(bytes)),
        data(static_cast<float*>(std::aligned_alloc(64, (size_bytes + 63) / 64 * 64)), std::free) {
    if (!data) throw std::bad_alloc();
  }
  size_t size_bytes;
  std::unique_ptr<float, void (*)(void*)> data;
};

std::span<const int64_t> dims_of(const tenfold_port& port) {
  return {port.dims, port.rank};
}

void draw(Picture& picture, const std::vector<Region>& regions,
          const std::vector<std::vector<size_t>>& lines) {
  constexpr Color colors[] = {
      {214, 39, 40}, {31, 119, 180}, {44, 160, 44}, {255, 127, 14}, {148, 103, 189}};
  for (size_t line = 0; line < lines.size(); ++line)
    for (const size_t region : lines[line])
      for (size_t c = 0; c < 4; ++c)
        draw_line(picture, regions[region].corners[c], regions[region].corners[(c + 1) % 4],
                  colors[line % std::size(colors)]);
}

int detect(const Options& options) {
  const Picture page = read_picture(options.page);

  const double start = now_ms();
  const Network network = open_network(options.network);
  const Context context = make_context(network, options.threads);
  const double loaded = now_ms();
  const tenfold_port& in = *tenfold_input(network.get(), 0);
  const tenfold_port& out = *tenfold_output(network.get(), 0);
  if (in.rank != 4 || out.rank != 4 || in.dims[1] != 3)
    throw std::runtime_error("the network does not map pictures to maps of probabilities");

  const Picture seen = resized(page, static_cast<int>(in.dims[3]), static_cast<int>(in.dims[2]));
  const std::vector<float> values = network_input(seen);
  Buffer input(in.size_bytes), output(out.size_bytes);
  std::copy(values.begin(), values.end(), input.data.get());
  check(tenfold_bind_input(context.get(), 0, input.data.get(), input.size_bytes));
  check(tenfold_bind_output(context.get(), 0, output.data.get(), output.size_bytes));

  std::vector<double> times;
  for (int run = 0; run <= options.runs; ++run) {
    const double before = now_ms();
    check(tenfold_run(context.get()));
    times.push_back(now_ms() - before);
  }
  const double first = times.front();
  times.erase(times.begin());
  std::sort(times.begin(), times.end());

  const int width = static_cast<int>(out.dims[3]), height = static_cast<int>(out.dims[2]);
  const std::vector<Region> regions = find_regions(output.data.get(), width, height, {});
  const std::vector<std::vector<size_t>> lines = group_lines(regions);
  Picture drawing = resized(seen, width, height);
  draw(drawing, regions, lines);
  write_png(options.drawing, drawing);
  if (!options.save_input.empty())
    write_npy(options.save_input, {input.data.get(), input.size_bytes / sizeof(float)},
              dims_of(in));
  if (!options.save_output.empty())
    write_npy(options.save_output, {output.data.get(), output.size_bytes / sizeof(float)},
              dims_of(out));

  std::printf(
      "{\"lines\": %zu, \"regions\": %zu, \"target\": \"%s\", \"threads\": %u, \"load_ms\": %.3f, "
      "\"first_run_ms\": %.3f, \"load_to_first_result_ms\": %.3f, \"runs\": %d, \"median_ms\": "
      "%.3f, "
      "\"min_ms\": %.3f}\n",
      lines.size(), regions.size(), tenfold_network_target(network.get()), options.threads,
      loaded - start, first, loaded - start + first, options.runs, times[times.size() / 2],
      times.front());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return detect(parse(argc, argv));
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "detect: %s\n", error.what());
    return 1;
  }
}
