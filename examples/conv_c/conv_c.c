/* conv_c: one convolution with weights of one's own, in plain C. The library comes from
 *
 *   tenfold compile --op 'conv2d n=1 h=30 w=40 c=24 k=36 r=3 s=3 pad=1 bias relu' --name conv -o
 * DIR
 *
 * and needs nothing but its header and its archive. The runtime is linked for its threads.
 */
#include <conv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenfold/tenfold.h>

enum { height = 30, width = 40, channels = 24, outputs = 36, taps = 3 };

static void* aligned(int64_t bytes) {
  const size_t alignment = CONV_ALIGNMENT;
  return aligned_alloc(alignment, ((size_t)bytes + alignment - 1) / alignment * alignment);
}

/* Small integers. */
static void fill(float* values, size_t count, unsigned seed) {
  for (size_t i = 0; i < count; ++i) {
    seed = seed * 1664525u + 1013904223u;
    values[i] = (float)(seed >> 29) - 4;
  }
}

/* What the convolution means: x {H, W, C}, weights {K, C, R, S}, y {H, W, K}. */
static float expected(const float* x, const float* weights, const float* bias, int row, int column,
                      int k) {
  float sum = bias[k];
  for (int r = 0; r < taps; ++r)
    for (int s = 0; s < taps; ++s) {
      const int y = row + r - 1, z = column + s - 1;
      if (y < 0 || y >= height || z < 0 || z >= width) continue;
      for (int c = 0; c < channels; ++c)
        sum +=
            x[(y * width + z) * channels + c] * weights[((k * channels + c) * taps + r) * taps + s];
    }
  return sum > 0 ? sum : 0;
}

/* A kernel may compute in another order, or by Winograd's method: about 1e-5 of the values' size.
 */
static int differences(const float* x, const float* weights, const float* bias, const float* y) {
  int wrong = 0;
  for (int row = 0; row < height; ++row)
    for (int column = 0; column < width; ++column)
      for (int k = 0; k < outputs; ++k) {
        const float want = expected(x, weights, bias, row, column, k);
        const float got = y[(row * width + column) * outputs + k];
        wrong += !(fabsf(got - want) <= 1e-2f);
      }
  return wrong;
}

int main(void) {
  float* x = aligned(CONV_INPUT0_BYTES);
  float* y = aligned(CONV_OUTPUT0_BYTES);
  float* weights = aligned(sizeof(float) * outputs * channels * taps * taps);
  float* bias = aligned(sizeof(float) * outputs);
  void* packed_weights = aligned(CONV_WEIGHTS_PACKED_BYTES);
  void* packed_bias = aligned(CONV_BIAS_PACKED_BYTES);
  if (!x || !y || !weights || !bias || !packed_weights || !packed_bias) return 1;
  fill(x, (size_t)height * width * channels, 1);
  fill(weights, (size_t)outputs * channels * taps * taps, 2);
  fill(bias, outputs, 3);

  int status = conv_pack_weights(weights, packed_weights);
  if (status == 0) status = conv_pack_bias(bias, packed_bias);

  /* Alone: one thread, the C library's allocator. */
  if (status == 0) status = conv_run(NULL, x, packed_weights, packed_bias, y);
  if (status != 0) {
    fprintf(stderr, "conv_c: status %d\n", status);
    return 1;
  }
  const int alone = differences(x, weights, bias, y);

  /* With the runtime's threads and scratch. */
  tenfold_context* context = NULL;
  if (tenfold_op_context_create(NULL, &context) != TENFOLD_OK) {
    fprintf(stderr, "conv_c: %s\n", tenfold_last_error());
    return 1;
  }
  memset(y, 0, (size_t)CONV_OUTPUT0_BYTES);
  status = conv_run(tenfold_user_context_of(context), x, packed_weights, packed_bias, y);
  if (status != 0)
    fprintf(stderr, "conv_c: status %d: %s\n", status, tenfold_context_error(context));
  const int threaded = differences(x, weights, bias, y);
  tenfold_context_free(context);

  printf("{\"values\": %d, \"wrong_alone\": %d, \"wrong_with_threads\": %d}\n",
         height * width * outputs, alone, threaded);
  free(packed_bias);
  free(packed_weights);
  free(bias);
  free(weights);
  free(y);
  free(x);
  return alone || threaded || status ? 1 : 0;
}
