/* A library as the compiler emits them, written by hand: two steps over 1024 floats, y = 2*x + w,
 * with a parallel loop, scratch memory, weights, and a region of the arena that is to be zero
 * before the second step. Both steps are handed the user's arrays from an element in the middle on.
 * Values of x[0] make it fail: -1: a message and a code; -2: a code alone
 * from one iteration; -3: a message and code 0, as kernels without checks do.
 *
 * Compiled with TOY_NAME, TOY_ABI_VERSION and TOY_TARGET.
 */
#include <HalideRuntime.h>
#include <string.h>
#include <tenfold/abi.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

enum {
  count = 1024,
  blocks = 16,
  halo_bytes = 256,
  scratch_bytes = 4 * count / blocks,
  middle = 48
};

static const tenfold_ops* ops_of(void* user_context) {
  return ((tenfold_user_context*)user_context)->ops;
}

typedef struct {
  const float* in;
  const float* weights;
  float* out;
} closure_t;

/* Element 0 of a buffer that begins at element dim[0].min. */
static float* first_element(void* buffer) {
  const halide_buffer_t* b = (const halide_buffer_t*)buffer;
  return (float*)b->host - b->dim[0].min;
}

static int double_block(void* user_context, int index, uint8_t* closure) {
  const closure_t* c = (const closure_t*)closure;
  const int first = index * (count / blocks);
  float* scratch = (float*)ops_of(user_context)->allocate(user_context, scratch_bytes);
  if (!scratch) return halide_error_code_out_of_memory;
  if (c->in[0] == -2 && index == 7) {
    ops_of(user_context)->release(user_context, scratch);
    return -77;
  }
  for (int i = 0; i < count / blocks; ++i) scratch[i] = 2 * c->in[first + i];
  memcpy(c->out + first, scratch, scratch_bytes);
  ops_of(user_context)->release(user_context, scratch);
  return 0;
}

static int double_kernel(void** args) {
  void* user_context = *(void**)args[0];
  const halide_buffer_t* out = (const halide_buffer_t*)args[2];
  closure_t closure = {first_element(args[1]), 0, (float*)out->host};
  if (closure.in[0] == -1) {
    ops_of(user_context)->error(user_context, "the input is minus one\n");
    return halide_error_code_generic_error;
  }
  if (closure.in[0] == -3) ops_of(user_context)->error(user_context, "noticed, but not returned");
  const int result =
      ops_of(user_context)->parallel_for(user_context, double_block, 0, blocks, (uint8_t*)&closure);
  /* The halo of the first step's result is dirty now; the second step's fill must clean it. */
  memset((char*)out->host + 4 * count, 0xff, halo_bytes);
  return result;
}

static int add_block(void* user_context, int index, uint8_t* closure) {
  (void)user_context;
  const closure_t* c = (const closure_t*)closure;
  const float* halo = c->in + count;
  for (int i = index * (count / blocks); i < (index + 1) * (count / blocks); ++i)
    c->out[i] = c->in[i] + c->weights[i] + halo[i % (halo_bytes / 4)];
  return 0;
}

static int add_kernel(void** args) {
  void* user_context = *(void**)args[0];
  closure_t closure = {(const float*)((halide_buffer_t*)args[1])->host,
                       (const float*)((halide_buffer_t*)args[2])->host, first_element(args[3])};
  return ops_of(user_context)->parallel_for(user_context, add_block, 0, blocks, (uint8_t*)&closure);
}

static const tenfold_dim plain[] = {{0, count, 1}};
static const tenfold_dim from_middle[] = {{middle, count - middle, 1}};
static const tenfold_dim with_halo[] = {{0, count + halo_bytes / 4, 1}};
static const tenfold_operand double_operands[] = {
    {TENFOLD_HOME_INPUT, 0, 4 * middle, TENFOLD_F32, 1, from_middle},
    {TENFOLD_HOME_ARENA, 0, 256, TENFOLD_F32, 1, with_halo},
};
static const tenfold_operand add_operands[] = {
    {TENFOLD_HOME_ARENA, 0, 256, TENFOLD_F32, 1, with_halo},
    {TENFOLD_HOME_WEIGHTS, 0, 64, TENFOLD_F32, 1, plain},
    {TENFOLD_HOME_OUTPUT, 0, 4 * middle, TENFOLD_F32, 1, from_middle},
};
static const tenfold_fill halo[] = {{256 + 4 * count, halo_bytes / 2, halo_bytes / 2, 2}};
static const tenfold_step steps[] = {
    {"double", "map", "direct", double_kernel, 2, 0, double_operands, 0},
    {"add", "map", "direct", add_kernel, 3, 1, add_operands, halo},
};
static const int64_t dims[] = {1, count};
static const tenfold_port input = {"x", TENFOLD_F32, 2, dims, 4 * count};
static const tenfold_port output = {"y", TENFOLD_F32, 2, dims, 4 * count};
static const tenfold_variant variants[] = {
    {"vax", 0, 0, 4096, 0, 4096, 4096 + 64, 0, 0, 0, 0},
    {TEXT(TOY_TARGET), 0, 0, 256 + 4 * count + halo_bytes, scratch_bytes, 4096, 4 * count + 64, 2,
     0, steps, 0},
};
static const tenfold_library library = {
    TOY_ABI_VERSION,       TEXT(TOY_NAME),   "0.1.0", 1, 1, 2, 0, &input, &output, variants, 0,
    4096 + 64 + 4 * count, TOY_WEIGHTS_HASH, 0,       0};

__attribute__((visibility("default"))) const tenfold_library* JOIN(TOY_NAME,
                                                                   _query)(uint32_t abi_version) {
  return abi_version == TOY_ABI_VERSION ? &library : 0;
}
