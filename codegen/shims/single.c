/* NAME_run and NAME_pack_*: what a library of one operator offers without a runtime. */
#include <stdlib.h>
#include <string.h>

#include "shims.h"

enum { most_operands = 16, most_rank = 16 };

int tenfold_single_variant(void) {
  for (uint32_t i = 0; i < tenfold_tables.variant_count; ++i) {
    const tenfold_variant* variant = &tenfold_tables.variants[i];
    if (variant->device != 0 || tenfold_cpu_runs(variant->target)) return (int)i;
  }
  return -1;
}

static struct halide_type_t halide_type_of(uint32_t type) {
  static const struct halide_type_t types[] = {
      {halide_type_float, 32, 1}, {halide_type_float, 16, 1}, {halide_type_float, 64, 1},
      {halide_type_int, 8, 1},    {halide_type_uint, 8, 1},   {halide_type_int, 32, 1},
      {halide_type_int, 64, 1},   {halide_type_uint, 8, 1}};
  return types[type];
}

int tenfold_single_run(tenfold_user_context* context, void* const* buffers, uint32_t buffer_count) {
  const int chosen = tenfold_single_variant();
  if (chosen < 0) return TENFOLD_NO_VARIANT;
  const tenfold_variant* variant = &tenfold_tables.variants[chosen];
  const tenfold_step* step = &variant->steps[0];
  struct halide_buffer_t views[most_operands];
  halide_dimension_t dims[most_operands][most_rank];
  void* arguments[1 + most_operands];
  void* user_context = context;
  if (buffer_count != step->operand_count) return halide_error_code_bad_dimensions;

  memset(views, 0, sizeof views);
  arguments[0] = &user_context;
  for (uint32_t i = 0; i < buffer_count; ++i) {
    const tenfold_operand* operand = &step->operands[i];
    if (!buffers[i]) return halide_error_code_host_is_null;
    for (uint32_t d = 0; d < operand->rank; ++d) {
      const tenfold_dim from = operand->dims[d];
      dims[i][d] = (halide_dimension_t){from.min, from.extent, from.stride, 0};
    }
    views[i].host = (uint8_t*)buffers[i] + operand->offset_bytes;
    views[i].type = halide_type_of(operand->type);
    views[i].dimensions = (int32_t)operand->rank;
    views[i].dim = dims[i];
    if (variant->device != 0 && operand->home != TENFOLD_HOME_OUTPUT)
      views[i].flags = halide_buffer_flag_host_dirty;
    arguments[1 + i] = &views[i];
  }
  int result = step->kernel(arguments);
  if (variant->device == 0) return result;

  for (uint32_t i = 0; i < buffer_count; ++i) {
    if (!result && step->operands[i].home == TENFOLD_HOME_OUTPUT)
      result = halide_copy_to_host(context, &views[i]);
    const int freed = halide_device_free(context, &views[i]);
    if (!result) result = freed;
  }
  return result;
}

/* One transform of base/packing.h: dimension `dim` of source becomes matrix times itself. dims is
 * changed. */
static double* transformed(const double* source, int64_t* dims, uint32_t rank,
                           const tenfold_pack_transform* step) {
  int64_t outer = 1, inner = 1;
  for (uint32_t d = 0; d < rank; ++d) {
    if ((int32_t)d < step->dim) outer *= dims[d];
    if ((int32_t)d > step->dim) inner *= dims[d];
  }
  double* out = calloc((size_t)(outer * step->rows * inner), sizeof *out);
  if (!out) return 0;
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t r = 0; r < step->rows; ++r)
      for (int64_t c = 0; c < step->cols; ++c)
        for (int64_t i = 0; i < inner; ++i)
          out[(o * step->rows + r) * inner + i] +=
              step->matrix[r * step->cols + c] * source[(o * step->cols + c) * inner + i];
  dims[step->dim] = step->rows;
  return out;
}

/* packed[i0, i1, ...] = values[c], c[d] the sum of step*i over the axes of dim d, and 0 outside. */
static void arrange(const tenfold_param* param, const double* values, const int64_t* dims,
                    float* packed) {
  int64_t index[most_rank] = {0}, strides[most_rank], total = 1;
  strides[param->rank - 1] = 1;
  for (uint32_t d = param->rank - 1; d > 0; --d) strides[d - 1] = strides[d] * dims[d];
  for (uint32_t a = 0; a < param->axis_count; ++a) total *= param->axes[a].extent;
  for (int64_t i = 0; i < total; ++i) {
    int64_t at[most_rank] = {0}, from = 0;
    int inside = 1;
    for (uint32_t a = 0; a < param->axis_count; ++a)
      at[param->axes[a].dim] += param->axes[a].step * index[a];
    for (uint32_t d = 0; d < param->rank; ++d) {
      inside = inside && at[d] < dims[d];
      from += at[d] * strides[d];
    }
    packed[i] = inside ? (float)values[from] : 0.f;
    for (uint32_t a = param->axis_count; a-- > 0;) {
      if (++index[a] < param->axes[a].extent) break;
      index[a] = 0;
    }
  }
}

int tenfold_single_pack(uint32_t index, const float* values, void* packed) {
  const int chosen = tenfold_single_variant();
  if (chosen < 0) return TENFOLD_NO_VARIANT;
  if (index >= tenfold_tables.param_count || !values || !packed)
    return halide_error_code_host_is_null;
  const tenfold_param* param =
      &tenfold_tables.params[(uint32_t)chosen * tenfold_tables.param_count + index];
  int64_t dims[most_rank], elements = 1;
  for (uint32_t d = 0; d < param->rank; ++d) elements *= dims[d] = param->dims[d];
  double* current = malloc((size_t)elements * sizeof *current);
  for (int64_t i = 0; current && i < elements; ++i) current[i] = values[i];
  for (uint32_t t = 0; current && t < param->transform_count; ++t) {
    double* next = transformed(current, dims, param->rank, &param->transforms[t]);
    free(current);
    current = next;
  }
  if (!current) return halide_error_code_out_of_memory;
  arrange(param, current, dims, (float*)packed);
  free(current);
  return 0;
}
