/* What a generated library exports and what its kernels call: plain C, shared by the emitter and the runtime.
 *
 * A library exports one function, NAME_query(abi_version), which returns its tables, or NULL when it is older or newer
 * than the caller. All tables are constant data inside the library: opening a network parses nothing.
 *
 * Kernels reach the world only through hidden shims, which forward every halide_* call to the operations table that the
 * user context begins with. A null user context gets plain malloc and serial loops.
 */
#ifndef TENFOLD_ABI_H
#define TENFOLD_ABI_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TENFOLD_ABI_VERSION 1u

/* Returned by a single operator's run and pack where this machine runs none of the library's variants. */
#define TENFOLD_NO_VARIANT (-1000)

struct halide_buffer_t;
struct halide_device_interface_t;

/* Argument of a device launch; the meanings are those of Halide's halide_opencl_run and halide_cuda_run. */
typedef struct tenfold_launch {
  void* module;            /* what ops->device_module put into the library's slot */
  const char* entry;       /* kernel's name */
  int blocks[3];
  int threads[3];
  int shared_bytes;
  const size_t* arg_sizes; /* bytes, ended by 0; a buffer's is 8 */
  void** args;             /* a buffer's argument is its halide_buffer_t* */
  const int8_t* arg_is_buffer;
} tenfold_launch;

/* Every operation returns 0 or a negative halide error code; failures are reported through `error` first. */
typedef struct tenfold_ops {
  void* (*allocate)(void* user_context, size_t size_bytes); /* 64-byte aligned, readable 64 bytes past the end */
  void (*release)(void* user_context, void* memory);
  int (*parallel_for)(void* user_context, int (*body)(void* user_context, int index, uint8_t* closure), int min,
                      int extent, uint8_t* closure);
  void (*error)(void* user_context, const char* message);
  void (*print)(void* user_context, const char* message);
  /* Devices; null on the CPU. device_allocate sets buffer->device, whose meaning is the runtime's own; the shim sets
   * device_interface. copy_to_device allocates when there is no device memory yet; both copies do nothing unless the
   * buffer's dirty flag asks for one, and clear it. */
  int (*device_allocate)(void* user_context, struct halide_buffer_t* buffer);
  int (*device_release)(void* user_context, struct halide_buffer_t* buffer);
  int (*copy_to_device)(void* user_context, struct halide_buffer_t* buffer);
  int (*copy_to_host)(void* user_context, struct halide_buffer_t* buffer);
  int (*device_sync)(void* user_context);
  /* Makes (or finds again) the module of `source` for the context's device. `state` is a static slot of the library,
   * zero at first, whose address names the module; *state is what launches then pass as `module`. `source` is OpenCL C, or
   * for CUDA either PTX text or a tenfold_cuda_module; it stays where it is as long as the library is loaded. */
  int (*device_module)(void* user_context, void** state, const char* source, int size_bytes);
  int (*device_launch)(void* user_context, const tenfold_launch* launch);
} tenfold_ops;

/* What halide's user_context points to in a kernel of ours. */
typedef struct tenfold_user_context {
  const tenfold_ops* ops;
} tenfold_user_context;

/* A CUDA module as one blob: this header, image_count rows of tenfold_cuda_image, then the images, each at a multiple of
 * 16 bytes. The runtime takes the cubin of the device's own capability, else the best older one of the same major, else PTX. */
#define TENFOLD_CUDA_MAGIC "TFCUDA1"
typedef struct tenfold_cuda_image {
  uint32_t capability; /* a cubin's: 80, 90; 0 is PTX, ended by a zero byte */
  uint32_t reserved;
  uint64_t offset_bytes, size_bytes; /* from the blob's start */
} tenfold_cuda_image;
typedef struct tenfold_cuda_module {
  char magic[8];
  uint32_t image_count;
  uint32_t reserved;
} tenfold_cuda_module;

typedef enum tenfold_home {
  TENFOLD_HOME_ARENA = 0,  /* offset_bytes into the context's arena */
  TENFOLD_HOME_INPUT = 1,  /* the caller's input `index` */
  TENFOLD_HOME_OUTPUT = 2, /* the caller's output `index` */
  TENFOLD_HOME_WEIGHTS = 3 /* offset_bytes into the variant's section of the weights file */
} tenfold_home;

typedef enum tenfold_type {
  TENFOLD_F32 = 0, TENFOLD_F16 = 1, TENFOLD_F64 = 2, TENFOLD_I8 = 3,
  TENFOLD_U8 = 4, TENFOLD_I32 = 5, TENFOLD_I64 = 6, TENFOLD_BOOL = 7
} tenfold_type; /* same numbers as tenfold::DType */

typedef struct tenfold_dim {
  int32_t min, extent, stride;
} tenfold_dim; /* innermost first, as base/buffer_layout.h makes them */

typedef struct tenfold_operand {
  uint32_t home;         /* tenfold_home */
  uint32_t index;
  int64_t offset_bytes;
  uint32_t type;         /* tenfold_type */
  uint32_t rank;
  const tenfold_dim* dims;
} tenfold_operand;

/* Bytes that must be zero before the step runs: `rows` runs of row_bytes, stride_bytes apart, in the arena. */
typedef struct tenfold_fill {
  int64_t offset_bytes, row_bytes, stride_bytes, rows;
} tenfold_fill;

typedef struct tenfold_step {
  const char* name;                 /* of the model's node(s) */
  const char* task;                 /* the Task's text */
  const char* config;               /* the Config's text */
  int (*kernel)(void** args);       /* Halide's _argv form: args[0] = &user_context, then a halide_buffer_t* each */
  uint32_t operand_count;
  uint32_t fill_count;
  const tenfold_operand* operands;  /* inputs, params, outputs */
  const tenfold_fill* fills;
} tenfold_step;

typedef struct tenfold_port {
  const char* name;
  uint32_t type;
  uint32_t rank;
  const int64_t* dims;  /* the model's own order, outermost first; the buffer is dense */
  int64_t size_bytes;
} tenfold_port;

/* One target's code and plan. The runtime takes the first variant that this machine runs. */
typedef struct tenfold_variant {
  const char* target;            /* tenfold::Target's name */
  uint32_t device;               /* tenfold::DeviceKind: 0 cpu, 1 opencl, 2 cuda */
  uint32_t cuda_capability;
  int64_t arena_bytes;
  int64_t scratch_bytes;         /* of one kernel in one thread, at most */
  int64_t weights_offset_bytes;  /* this variant's section in the weights file, page aligned */
  int64_t weights_size_bytes;
  uint32_t step_count;
  uint32_t fill_count;           /* bytes to be zero once, when the context is made */
  const tenfold_step* steps;
  const tenfold_fill* fills;
} tenfold_variant;

/* A constant of a single-operator library and how its user's values are packed; see base/packing.h. */
typedef struct tenfold_pack_axis {
  int32_t dim;
  int64_t step, extent;
} tenfold_pack_axis;
typedef struct tenfold_pack_transform {
  int32_t dim;
  int64_t rows, cols;
  const double* matrix;
} tenfold_pack_transform;
typedef struct tenfold_param {
  const char* name;
  uint32_t rank, axis_count, transform_count;
  const int64_t* dims;            /* as the user has it, outermost first */
  const tenfold_pack_axis* axes;
  const tenfold_pack_transform* transforms;
  int64_t packed_size_bytes;
} tenfold_param;

/* The first bytes of a weights file. The sections follow at page-aligned offsets, see tenfold_variant. */
#define TENFOLD_WEIGHTS_MAGIC "TFWGHT1"
typedef struct tenfold_weights_header {
  char magic[8];
  int64_t size_bytes; /* of the whole file */
  char hash[32];      /* tenfold::content_hash of all bytes behind this header; not ended by a zero byte */
} tenfold_weights_header;

typedef struct tenfold_library {
  uint32_t abi_version;
  const char* name;
  const char* compiler;        /* tenfold's version */
  uint32_t input_count, output_count, variant_count, param_count;
  const tenfold_port* inputs;
  const tenfold_port* outputs;
  const tenfold_variant* variants;
  const tenfold_param* params; /* single-operator libraries only: param_count a variant, in the order of the variants */
  int64_t weights_size_bytes;  /* of the whole file with its header; 0 when there is none */
  const char* weights_hash;    /* the hash in that file's header */
  /* Single-operator libraries only, else null; both use the first CPU variant that this machine runs, or the library's only
   * variant where that is for a device. buffers: inputs, packed params, outputs, in host memory. run returns 0 or a halide
   * error code, and TENFOLD_NO_VARIANT when no variant runs here; a device needs a context. */
  int (*run)(tenfold_user_context* context, void* const* buffers, uint32_t buffer_count);
  int (*pack)(uint32_t param, const float* values, void* packed);
} tenfold_library;

typedef const tenfold_library* (*tenfold_query_fn)(uint32_t abi_version);

#ifdef __cplusplus
}
#endif
#endif
