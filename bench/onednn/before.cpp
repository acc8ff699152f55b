// What comes before the anchor, as primitives of its own: oneDNN's convolutions have no functions
// on load.
#include "bench/onednn/builder.h"

namespace tenfold::onednn {
namespace {

using dnnl::memory;
using dnnl::prop_kind;

void add_shuffle(Builder& builder, const Desc& wanted) {
  const int64_t channels = wanted.get_dims()[1];
  const dnnl::shuffle_forward::primitive_desc pd(
      builder.engine(), prop_kind::forward_inference, wanted, wanted, 1,
      static_cast<int>(channels / builder.problem().shuffle_groups));
  memory out(wanted, builder.engine());
  builder.add(dnnl::shuffle_forward(pd), {{DNNL_ARG_SRC, builder.x}, {DNNL_ARG_DST, out}});
  builder.x = out;
}

/// x's channels come as tensors of their own, in the layout that the concatenation then has.
void add_concat(Builder& builder, const Desc& wanted) {
  std::vector<Desc> descs;
  std::vector<memory> parts;
  DnnlDims offset(4, 0);
  for (const int64_t channels : builder.problem().concat) {
    DnnlDims dims = wanted.get_dims();
    dims[1] = channels;
    descs.push_back(builder.wanted(dims, false));
    memory part(descs.back(), builder.engine());
    dnnl::stream stream(builder.engine());
    const Desc from = Builder::plain(wanted.get_dims()).submemory_desc(dims, offset);
    const memory all = builder.input(0, Builder::plain(wanted.get_dims()));
    memory slice(from, builder.engine(), all.get_data_handle());
    dnnl::reorder(slice, part).execute(stream, slice, part);
    stream.wait();
    parts.push_back(part);
    offset[1] += channels;
  }
  const dnnl::concat::primitive_desc pd(builder.engine(), wanted, 1, descs);
  memory out(wanted, builder.engine());
  std::unordered_map<int, memory> arguments{{DNNL_ARG_DST, out}};
  for (size_t i = 0; i < parts.size(); ++i)
    arguments[DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i)] = parts[i];
  builder.add(dnnl::concat(pd), std::move(arguments));
  builder.x = out;
}

}  // namespace

void add_before(Builder& builder, const Desc& wanted) {
  if (!builder.problem().concat.empty())
    add_concat(builder, wanted);
  else
    builder.x = builder.input(0, wanted);
  const size_t position = builder.take_params_of(Builder::Part::prologue);
  add_functions(builder, builder.task().prologue, 0, wanted, false);
  builder.take_params_from(position);
  if (builder.problem().shuffle_groups > 1) add_shuffle(builder, wanted);
}

}  // namespace tenfold::onednn
