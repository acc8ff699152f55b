/* classify: which of its classes a network gives a picture, in plain C. The network is opened while
 * the program runs.
 *
 *   classify LIB_DIR PICTURE [THREADS]
 *
 * Made for PP-OCR's orientation classifier (classes: upright, upside down), whose input is a line
 * of text scaled to the network's height, padded with zeros on the right, with values from -1 to 1
 * in the order blue, green, red.
 */
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenfold/tenfold.h>

static int fail(const char* what, const char* why) {
  fprintf(stderr, "classify: %s: %s\n", what, why);
  return 1;
}

static float sample(const unsigned char* pixels, int width, int height, double x, double y,
                    int channel) {
  const int x0 = x < 0 ? 0 : (int)x, y0 = y < 0 ? 0 : (int)y;
  const int x1 = x0 + 1 < width ? x0 + 1 : width - 1, y1 = y0 + 1 < height ? y0 + 1 : height - 1;
  const double fx = x < 0 ? 0 : x - x0, fy = y < 0 ? 0 : y - y0;
  const double above = pixels[3 * (y0 * width + x0) + channel] * (1 - fx) +
                       pixels[3 * (y0 * width + x1) + channel] * fx;
  const double below = pixels[3 * (y1 * width + x0) + channel] * (1 - fx) +
                       pixels[3 * (y1 * width + x1) + channel] * fx;
  return (float)(above * (1 - fy) + below * fy);
}

/* Fills {1, 3, height, width} from the picture, keeping its proportions. */
static void prepare(const unsigned char* pixels, int from_width, int from_height, float* to,
                    int width, int height) {
  int used = (int)((double)from_width * height / from_height + 0.5);
  if (used > width) used = width;
  memset(to, 0, sizeof(float) * 3 * (size_t)width * (size_t)height);
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < used; ++x) {
        const float value =
            sample(pixels, from_width, from_height, (x + 0.5) * from_width / used - 0.5,
                   (y + 0.5) * from_height / height - 0.5, 2 - c);
        to[((size_t)c * height + y) * width + x] = value / 127.5f - 1;
      }
}

static int classify(const tenfold_network* network, const char* path, uint32_t threads) {
  const tenfold_port* in = tenfold_input(network, 0);
  const tenfold_port* out = tenfold_output(network, 0);
  if (!in || !out || in->rank != 4 || in->dims[1] != 3)
    return fail("network", "it does not take a picture");

  int width = 0, height = 0, channels = 0;
  unsigned char* pixels = stbi_load(path, &width, &height, &channels, 3);
  if (!pixels) return fail(path, stbi_failure_reason());
  float* input = malloc((size_t)in->size_bytes);
  float* scores = malloc((size_t)out->size_bytes);
  tenfold_context* context = NULL;
  tenfold_context_options options = {0};
  options.threads = threads;
  int result = 1;
  if (!input || !scores) {
    fail("memory", "there is not enough");
  } else if (tenfold_context_create(network, &options, &context) != TENFOLD_OK) {
    fail("context", tenfold_last_error());
  } else {
    prepare(pixels, width, height, input, (int)in->dims[3], (int)in->dims[2]);
    if (tenfold_bind_input(context, 0, input, (size_t)in->size_bytes) != TENFOLD_OK ||
        tenfold_bind_output(context, 0, scores, (size_t)out->size_bytes) != TENFOLD_OK ||
        tenfold_run(context) != TENFOLD_OK) {
      fail("run", tenfold_context_error(context));
    } else {
      const size_t count = (size_t)out->size_bytes / sizeof(float);
      size_t best = 0;
      for (size_t i = 1; i < count; ++i)
        if (scores[i] > scores[best]) best = i;
      printf("{\"class\": %zu, \"score\": %.4f, \"target\": \"%s\"}\n", best, scores[best],
             tenfold_network_target(network));
      result = 0;
    }
  }
  tenfold_context_free(context);
  free(scores);
  free(input);
  stbi_image_free(pixels);
  return result;
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: classify LIB_DIR PICTURE [THREADS]\n");
    return 2;
  }
  tenfold_network* network = NULL;
  if (tenfold_open(argv[1], NULL, &network) != TENFOLD_OK)
    return fail(argv[1], tenfold_last_error());
  const int result =
      classify(network, argv[2], argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0);
  tenfold_close(network);
  return result;
}
