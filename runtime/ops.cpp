// The operations table: what a generated library's shims call. A kernel's user context is a Member.
#include "runtime/context.h"

namespace tenfold::runtime {
namespace {

Member& member_of(void* user_context) {
  return *static_cast<Member*>(user_context);
}
Context& context_of(void* user_context) {
  return *member_of(user_context).context;
}

void* allocate(void* user_context, size_t size_bytes) {
  Member& member = member_of(user_context);
  return member.scratch.allocate(size_bytes, member.context->allocations());
}

void release(void* user_context, void* memory) {
  Member& member = member_of(user_context);
  member.scratch.release(memory, member.context->allocations());
}

int parallel_for(void* user_context, Team::Body body, int min, int extent, uint8_t* closure) {
  Member& member = member_of(user_context);
  return member.team->parallel_for(member, body, min, extent, closure);
}

void error(void* user_context, const char* message) {
  context_of(user_context).report(message);
}

void print(void* user_context, const char* message) {
  context_of(user_context).log()(TENFOLD_LOG_INFO, message);
}

Failure no_device() {
  return fail(TENFOLD_UNAVAILABLE, "the kernel needs a device, and the context has none");
}

int device_allocate(void* user_context, halide_buffer_t* buffer) {
  Context& context = context_of(user_context);
  if (buffer->device) return 0;
  if (!context.queue()) return context.report(no_device());
  context.allocations().fetch_add(1, std::memory_order_relaxed);
  return context.report(context.queue()->allocate(buffer->size_in_bytes(), buffer->device));
}

int device_release(void* user_context, halide_buffer_t* buffer) {
  if (buffer->device) context_of(user_context).queue()->release(buffer->device, false);
  buffer->device = 0;
  buffer->device_interface = nullptr;
  buffer->set_device_dirty(false);
  return 0;
}

int copy_to_device(void* user_context, halide_buffer_t* buffer) {
  Context& context = context_of(user_context);
  if (const int code = device_allocate(user_context, buffer)) return code;
  if (!buffer->host_dirty()) return 0;
  buffer->set_host_dirty(false);
  const int code = context.report(
      context.queue()->upload(buffer->device, buffer->host, buffer->size_in_bytes()));
  return code ? code : context.report(context.queue()->synchronize());
}

int copy_to_host(void* user_context, halide_buffer_t* buffer) {
  Context& context = context_of(user_context);
  if (!buffer->device_dirty()) return 0;
  if (!context.queue()) return context.report(no_device());
  buffer->set_device_dirty(false);
  return context.report(
      context.queue()->download(buffer->device, buffer->host, buffer->size_in_bytes()));
}

int device_sync(void* user_context) {
  Context& context = context_of(user_context);
  return context.queue() ? context.report(context.queue()->synchronize()) : 0;
}

int device_module(void* user_context, void** state, const char* source, int size_bytes) {
  Context& context = context_of(user_context);
  if (!context.queue()) return context.report(no_device());
  return context.report(
      context.queue()->load_module(state, source, static_cast<size_t>(size_bytes)));
}

int device_launch(void* user_context, const tenfold_launch* launch) {
  Context& context = context_of(user_context);
  if (!context.queue()) return context.report(no_device());
  return context.report(context.queue()->launch(*launch));
}

}  // namespace

const tenfold_ops& context_ops() {
  static constexpr tenfold_ops ops = {allocate,     release,         parallel_for,   error,
                                      print,        device_allocate, device_release, copy_to_device,
                                      copy_to_host, device_sync,     device_module,  device_launch};
  return ops;
}

}  // namespace tenfold::runtime
