// DatagramWatch: calls one JavaScript function, without arguments, while a descriptor has something to read;
// libuv's uv_poll on the event loop of the environment. Level-triggered: what is left unread calls again.
//
// Raw Node-API with every status checked, as in wake_js.h: a worker may be terminated in the middle of a
// call. The handle outlives its owner until libuv has let go of it, and an environment that ends waits for
// that (napi_add_async_cleanup_hook).
#pragma once

#include <node_api.h>

namespace ethercast {

class DatagramWatch {
 public:
  DatagramWatch() = default;
  DatagramWatch(const DatagramWatch&) = delete;
  DatagramWatch& operator=(const DatagramWatch&) = delete;
  ~DatagramWatch() { stop(); }

  // JavaScript thread, all of them. `descriptor` must stay open until stop(). A watch that was stopped may be
  // started anew. False: this environment can't watch any more, or not this descriptor.
  bool start(napi_env env, int descriptor, napi_value callback);
  // The function is not called again. Idempotent.
  void stop() noexcept;
  // Whether it keeps the process alive; it does at first.
  void set_ref(bool keeps_alive) noexcept;

 private:
  struct Handle;
  Handle* handle_ = nullptr;
};

}  // namespace ethercast
