/* Memory, loops, messages. Without a context: plain malloc, serial loops, silence. */
#include <stdlib.h>

#include "shims.h"

void* halide_malloc(void* user_context, size_t size) {
  const tenfold_ops* ops = ops_of(user_context);
  if (ops) return ops->allocate(user_context, size);
  /* Kernels may read a vector past the end. */
  return aligned_alloc(64, (size + 63) / 64 * 64 + 64);
}

void halide_free(void* user_context, void* memory) {
  const tenfold_ops* ops = ops_of(user_context);
  if (ops)
    ops->release(user_context, memory);
  else
    free(memory);
}

int halide_do_task(void* user_context, halide_task_t task, int index, uint8_t* closure) {
  return task(user_context, index, closure);
}

int halide_do_par_for(void* user_context, halide_task_t task, int min, int extent,
                      uint8_t* closure) {
  const tenfold_ops* ops = ops_of(user_context);
  if (ops) return ops->parallel_for(user_context, task, min, extent, closure);
  for (int i = min; i < min + extent; ++i) {
    const int result = task(user_context, i, closure);
    if (result) return result;
  }
  return 0;
}

void halide_error(void* user_context, const char* message) {
  const tenfold_ops* ops = ops_of(user_context);
  if (ops) ops->error(user_context, message);
}

void halide_print(void* user_context, const char* message) {
  const tenfold_ops* ops = ops_of(user_context);
  if (ops) ops->print(user_context, message);
}
