/* A library for devices, written by hand: y = 3*x + w over 1024 floats in two launches, with what
 * stands behind the first one's result zeroed before the second adds it. The second kernel also
 * allocates on the device, as generated ones may. An x that is bound on the host never reaches
 * these functions: they see handles only. */
#include <HalideRuntime.h>
#include <tenfold/abi.h>

enum { count = 1024, tail = 64, group = 64 };

static const char opencl_source[] =
    "__kernel void scale_it(__global const float* x, __global float* t, float factor, int count, "
    "__local short* shared) {\n"
    "  int i = get_group_id(0) * 64 + get_local_id(0);\n"
    "  t[i] = i < count ? x[i] * factor : 99.0f;\n"
    "}\n"
    "__kernel void add_it(__global const float* t, __global const float* w, __global float* y, "
    "__global float* extra,\n"
    "                     int count, __local short* shared) {\n"
    "  int i = get_group_id(0) * 64 + get_local_id(0);\n"
    "  extra[i] = t[i] + w[i];\n"
    "  y[i] = extra[i] + t[count + i % 64];\n"
    "}\n";

#define PTX "fake ptx"
#define CUBIN(capability) "cubin " #capability "!!"
static const struct {
  tenfold_cuda_module header;
  tenfold_cuda_image rows[3];
  char ptx[16], sm80[16], sm90[16];
} cuda_source = {
    {TENFOLD_CUDA_MAGIC, 3, 0},
    {{0, 0, 16 + 3 * 24, 16}, {80, 0, 16 + 3 * 24 + 16, 16}, {90, 0, 16 + 3 * 24 + 32, 16}},
    PTX,
    CUBIN(80),
    CUBIN(90)};

static const tenfold_ops* ops_of(void* user_context) {
  return ((tenfold_user_context*)user_context)->ops;
}

static int load(void* user_context, int cuda, void** module) {
  static void* slots[2];
  const char* source = cuda ? (const char*)&cuda_source : opencl_source;
  const int size = cuda ? (int)sizeof cuda_source : (int)sizeof opencl_source;
  const int result = ops_of(user_context)->device_module(user_context, &slots[cuda], source, size);
  *module = slots[cuda];
  return result;
}

static int scale(void** args, int cuda) {
  void* user_context = *(void**)args[0];
  tenfold_launch launch = {0, "scale_it", {(count + tail) / group, 1, 1}, {group, 1, 1}, 0, 0,
                           0, 0};
  int result = load(user_context, cuda, &launch.module);
  if (result) return result;
  halide_buffer_t* in = (halide_buffer_t*)args[1];
  halide_buffer_t* out = (halide_buffer_t*)args[2];
  result = ops_of(user_context)->copy_to_device(user_context, in);
  if (result) return result;
  float factor = 3;
  int extent = count;
  const size_t sizes[] = {8, 8, 4, 4, 0};
  void* values[] = {in, out, &factor, &extent, 0};
  const int8_t is_buffer[] = {1, 1, 0, 0, 0};
  launch.arg_sizes = sizes;
  launch.args = values;
  launch.arg_is_buffer = is_buffer;
  return ops_of(user_context)->device_launch(user_context, &launch);
}

static int add(void** args, int cuda) {
  void* user_context = *(void**)args[0];
  tenfold_launch launch = {0, "add_it", {count / group, 1, 1}, {group, 1, 1}, 64 << 10, 0, 0, 0};
  if (!cuda) launch.shared_bytes = 256;
  int result = load(user_context, cuda, &launch.module);
  if (result) return result;
  halide_dimension_t dim = {0, count, 1, 0};
  halide_buffer_t extra = {0};
  extra.type.code = halide_type_float;
  extra.type.bits = 32;
  extra.type.lanes = 1;
  extra.dimensions = 1;
  extra.dim = &dim;
  result = ops_of(user_context)->device_allocate(user_context, &extra);
  if (result) return result;
  int extent = count;
  const size_t sizes[] = {8, 8, 8, 8, 4, 0};
  void* values[] = {args[1], args[2], args[3], &extra, &extent, 0};
  const int8_t is_buffer[] = {1, 1, 1, 1, 0, 0};
  launch.arg_sizes = sizes;
  launch.args = values;
  launch.arg_is_buffer = is_buffer;
  result = ops_of(user_context)->device_launch(user_context, &launch);
  if (!result) result = ops_of(user_context)->device_sync(user_context);
  const int released = ops_of(user_context)->device_release(user_context, &extra);
  return result ? result : released;
}

static int opencl_scale(void** args) {
  return scale(args, 0);
}
static int opencl_add(void** args) {
  return add(args, 0);
}
static int cuda_scale(void** args) {
  return scale(args, 1);
}
static int cuda_add(void** args) {
  return add(args, 1);
}

static const tenfold_dim plain[] = {{0, count, 1}};
static const tenfold_dim with_tail[] = {{0, count + tail, 1}};
static const tenfold_operand scale_operands[] = {
    {TENFOLD_HOME_INPUT, 0, 0, TENFOLD_F32, 1, plain},
    {TENFOLD_HOME_ARENA, 0, 256, TENFOLD_F32, 1, with_tail},
};
static const tenfold_operand add_operands[] = {
    {TENFOLD_HOME_ARENA, 0, 256, TENFOLD_F32, 1, with_tail},
    {TENFOLD_HOME_WEIGHTS, 0, 64, TENFOLD_F32, 1, plain},
    {TENFOLD_HOME_OUTPUT, 0, 0, TENFOLD_F32, 1, plain},
};
static const tenfold_fill fills[] = {{256 + 4 * count, 4 * tail / 4, 4 * tail / 4, 4}};
static const tenfold_step opencl_steps[] = {
    {"scale", "map", "gpu", opencl_scale, 2, 0, scale_operands, 0},
    {"add", "map", "gpu", opencl_add, 3, 1, add_operands, fills},
};
static const tenfold_step cuda_steps[] = {
    {"scale", "map", "gpu", cuda_scale, 2, 0, scale_operands, 0},
    {"add", "map", "gpu", cuda_add, 3, 1, add_operands, fills},
};
static const int64_t dims[] = {1, count};
static const tenfold_port input = {"x", TENFOLD_F32, 2, dims, 4 * count};
static const tenfold_port output = {"y", TENFOLD_F32, 2, dims, 4 * count};
enum { arena_bytes = 256 + 4 * (count + tail), weights_bytes = 64 + 4 * count };
static const tenfold_variant variants[] = {
    {"cuda-sm80", 2, 80, arena_bytes, 0, 4096, weights_bytes, 2, 1, cuda_steps, fills},
    {"opencl", 1, 0, arena_bytes, 0, 4096, weights_bytes, 2, 1, opencl_steps, fills},
};
static const tenfold_library library = {
    TENFOLD_ABI_VERSION,  "device_toy",     "0.1.0", 1, 1, 2, 0, &input, &output, variants, 0,
    4096 + weights_bytes, TOY_WEIGHTS_HASH, 0,       0};

const tenfold_library* device_toy_query(uint32_t abi_version) {
  return abi_version == TENFOLD_ABI_VERSION ? &library : 0;
}
