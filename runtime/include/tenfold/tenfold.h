/* tenfold's runtime: opens generated networks and runs them. Plain C.
 *
 *   tenfold_network* network;                    // code, tables and mapped weights: shared,
 * immutable tenfold_open("out/", NULL, &network);        // or NAME_open(...) of a generated
 * header, when linked in tenfold_context* context;                    // arena, threads, stream:
 * one run at a time tenfold_context_create(network, NULL, &context); tenfold_bind_input(context, 0,
 * pixels, size);   // caller's memory, read in place, no copy tenfold_bind_output(context, 0,
 * scores, size); tenfold_run(context);
 *
 * A network may be shared by many contexts, and those may run at once from different threads.
 * Nothing is printed, and after a context's first run nothing is allocated. Every function that can
 * fail returns a status; the text of the last failure is kept a context (tenfold_context_error), or
 * a thread where there is no context yet (tenfold_last_error).
 */
#ifndef TENFOLD_H
#define TENFOLD_H
#include <stddef.h>
#include <stdint.h>

#include "tenfold/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TENFOLD_API __attribute__((visibility("default")))
#else
#define TENFOLD_API
#endif

typedef enum tenfold_status {
  TENFOLD_OK = 0,
  TENFOLD_INVALID_ARGUMENT = 1, /* null, out of range, wrong size, not bound */
  TENFOLD_NOT_FOUND = 2,        /* a file or a name that is not there */
  TENFOLD_IO = 3,               /* the operating system refused */
  TENFOLD_CORRUPT = 4,          /* a library or weights file that is not what was written */
  TENFOLD_VERSION = 5,          /* made for another version of this runtime */
  TENFOLD_UNAVAILABLE = 6,      /* no variant for this machine; no device or driver */
  TENFOLD_OUT_OF_MEMORY = 7,
  TENFOLD_FAILED = 8 /* a kernel or the device reported an error */
} tenfold_status;

TENFOLD_API const char* tenfold_status_text(tenfold_status status);
TENFOLD_API const char* tenfold_version(void);
TENFOLD_API const char* tenfold_last_error(void); /* of this thread */

typedef struct tenfold_network tenfold_network;
typedef struct tenfold_context tenfold_context;

typedef enum tenfold_log_level {
  TENFOLD_LOG_INFO = 0,
  TENFOLD_LOG_WARNING = 1,
  TENFOLD_LOG_ERROR = 2
} tenfold_log_level;
typedef void (*tenfold_log_fn)(void* user, tenfold_log_level level, const char* message);

typedef struct tenfold_open_options {
  const char* target; /* a variant by name ("x86_64-avx2", "opencl"); NULL: the best that this
                         machine runs */
  tenfold_log_fn log; /* NULL: silent */
  void* log_user;
  int hash_weights; /* not 0: read and hash the whole weights file; its size and header are always
                       checked */
  int map_weights; /* not 0: CPU weights of 8 MiB and more stay in the file's own pages, which
                      processes share and the system can take back; opening is quicker, and runs are
                      slower. Else they are copied into huge pages where the system has these */
} tenfold_open_options;

/* Opens a folder that `tenfold compile` made (its lib*.so and weights), or the .so itself. options
 * may be NULL. */
TENFOLD_API tenfold_status tenfold_open(const char* path, const tenfold_open_options* options,
                                        tenfold_network** network);

/* Opens a network that is linked into the program; generated headers call this as NAME_open. */
TENFOLD_API tenfold_status tenfold_open_linked(tenfold_query_fn query, const char* weights_path,
                                               const tenfold_open_options* options,
                                               tenfold_network** network);

/* Frees a network, once the last of its contexts is freed too. NULL is ignored. */
TENFOLD_API void tenfold_close(tenfold_network* network);

TENFOLD_API const char* tenfold_network_name(const tenfold_network* network);
TENFOLD_API const char* tenfold_network_target(const tenfold_network* network);
TENFOLD_API uint32_t tenfold_input_count(const tenfold_network* network);
TENFOLD_API uint32_t tenfold_output_count(const tenfold_network* network);
/* NULL when the index is out of range. Port: name, type, dims in the model's order, size in bytes.
 */
TENFOLD_API const tenfold_port* tenfold_input(const tenfold_network* network, uint32_t index);
TENFOLD_API const tenfold_port* tenfold_output(const tenfold_network* network, uint32_t index);

typedef struct tenfold_context_options {
  uint32_t threads; /* 0: one a core that this process may use, which is also the most */
  uint32_t device;  /* index among the devices of the network's kind */
  void* stream; /* a CUstream or cl_command_queue to use, or NULL for one of the context's own */
  tenfold_log_fn log; /* NULL: the network's */
  void* log_user;
  uint32_t device_kind; /* of tenfold_op_context_create alone: 0 CPU, 1 OpenCL, 2 CUDA */
} tenfold_context_options;

TENFOLD_API tenfold_status tenfold_context_create(const tenfold_network* network,
                                                  const tenfold_context_options* options,
                                                  tenfold_context** context);
TENFOLD_API void tenfold_context_free(tenfold_context* context);
TENFOLD_API const char* tenfold_context_error(const tenfold_context* context);

/* Binds the caller's memory (dense, the model's order) until it is bound anew. size_bytes must be
 * the port's; the address a multiple of the element's size (of 64 is fastest). On a device network
 * it is copied to and from the device in each run. */
TENFOLD_API tenfold_status tenfold_bind_input(tenfold_context* context, uint32_t index,
                                              const void* data, size_t size_bytes);
TENFOLD_API tenfold_status tenfold_bind_output(tenfold_context* context, uint32_t index, void* data,
                                               size_t size_bytes);
/* On a device network: binds memory of the device itself (a cl_mem or a CUdeviceptr), read or
 * written in place. It must belong to the context of the device: for OpenCL that of the queue in
 * tenfold_context_options.stream, for CUDA the primary context. */
TENFOLD_API tenfold_status tenfold_bind_device_input(tenfold_context* context, uint32_t index,
                                                     uint64_t handle, size_t size_bytes);
TENFOLD_API tenfold_status tenfold_bind_device_output(tenfold_context* context, uint32_t index,
                                                      uint64_t handle, size_t size_bytes);

/* Runs the network and returns when the outputs are written. Every input and output must be bound.
 */
TENFOLD_API tenfold_status tenfold_run(tenfold_context* context);

/* Runs the network and calls `after` when each step has finished: for --layers. Slower than
 * tenfold_run on devices. */
typedef void (*tenfold_step_fn)(void* user, uint32_t step, const tenfold_step* info,
                                int64_t time_ns);
TENFOLD_API tenfold_status tenfold_run_steps(tenfold_context* context, tenfold_step_fn after,
                                             void* user);

/* Copies bytes of the context's arena as they are now, from a device too: within tenfold_step_fn,
   what a step has written. offset_bytes is an operand's. */
TENFOLD_API tenfold_status tenfold_read_arena(tenfold_context* context, int64_t offset_bytes,
                                              void* data, size_t size_bytes);

typedef struct tenfold_memory {
  int64_t arena_bytes;   /* of the context */
  int64_t scratch_bytes; /* held for kernels, all threads */
  int64_t weights_bytes; /* mapped, shared by the contexts of a network */
  int64_t
      allocations; /* made by the context since it was created: does not grow after the first run */
} tenfold_memory;
TENFOLD_API tenfold_status tenfold_context_memory(const tenfold_context* context,
                                                  tenfold_memory* memory);

/* The user context for kernels of a single-operator library (NAME_run): threads, scratch
 * and device of a context of its own. */
TENFOLD_API tenfold_status tenfold_op_context_create(const tenfold_context_options* options,
                                                     tenfold_context** context);
TENFOLD_API tenfold_user_context* tenfold_user_context_of(tenfold_context* context);
/* Calls function(argument) with the context's threads at hand, so that the parallel loops of
 * several kernels called in it follow each other without waking threads anew. tenfold_run does so
 * by itself. Regions of one context do not nest. */
TENFOLD_API tenfold_status tenfold_region(tenfold_context* context,
                                          void (*function)(void* argument), void* argument);

#ifdef __cplusplus
}
#endif
#endif
