#include "node/datagram_watch.h"

#include <uv.h>

namespace ethercast {

struct DatagramWatch::Handle {
  uv_poll_t poll{};
  DatagramWatch* owner = nullptr;  // null once it has let go
  napi_env env = nullptr;
  napi_ref callback = nullptr;
  napi_async_context context = nullptr;
  napi_async_cleanup_hook_handle hook = nullptr;

  static void on_event(uv_poll_t* poll, int, int) { static_cast<Handle*>(poll->data)->call(); }
  // The environment ends: it goes on with that once the hook is removed.
  static void on_environment_closing(napi_async_cleanup_hook_handle, void* data) {
    static_cast<Handle*>(data)->close();
  }
  static void on_closed(uv_handle_t* handle) {
    auto* self = static_cast<Handle*>(handle->data);
    if (self->hook != nullptr) napi_remove_async_cleanup_hook(self->hook);
    delete self;
  }

  void call() {
    napi_handle_scope scope;
    if (napi_open_handle_scope(env, &scope) != napi_ok) return;
    napi_value function, receiver, result;
    if (napi_get_reference_value(env, callback, &function) == napi_ok && function != nullptr &&
        napi_get_global(env, &receiver) == napi_ok &&
        napi_make_callback(env, context, receiver, function, 0, nullptr, &result) == napi_pending_exception) {
      // A handler threw: that is the program's uncaught exception, not ours to swallow.
      napi_value exception;
      if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
    }
    napi_close_handle_scope(env, scope);
  }

  void close() noexcept {
    if (owner != nullptr) owner->handle_ = nullptr;
    owner = nullptr;
    auto* const handle = reinterpret_cast<uv_handle_t*>(&poll);
    if (uv_is_closing(handle) != 0) return;
    // Statuses not needed: bad ones only say that the environment has dropped these by itself.
    if (callback != nullptr) napi_delete_reference(env, callback);
    if (context != nullptr) napi_async_destroy(env, context);
    callback = nullptr;
    context = nullptr;
    uv_close(handle, on_closed);
  }
};

bool DatagramWatch::start(napi_env env, int descriptor, napi_value callback) {
  stop();
  uv_loop_s* loop = nullptr;
  napi_value name;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok ||
      napi_create_string_utf8(env, "ethercast", NAPI_AUTO_LENGTH, &name) != napi_ok) {
    return false;
  }
  auto* const made = new Handle;
  if (uv_poll_init(loop, &made->poll, descriptor) != 0) {
    delete made;
    return false;
  }
  made->poll.data = made;
  made->env = env;
  if (napi_create_reference(env, callback, 1, &made->callback) != napi_ok ||
      napi_async_init(env, nullptr, name, &made->context) != napi_ok ||
      napi_add_async_cleanup_hook(env, Handle::on_environment_closing, made, &made->hook) != napi_ok ||
      uv_poll_start(&made->poll, UV_READABLE, Handle::on_event) != 0) {
    made->close();
    return false;
  }
  made->owner = this;
  handle_ = made;
  return true;
}

void DatagramWatch::stop() noexcept {
  if (handle_ != nullptr) handle_->close();
}

void DatagramWatch::set_ref(bool keeps_alive) noexcept {
  if (handle_ == nullptr) return;
  auto* const handle = reinterpret_cast<uv_handle_t*>(&handle_->poll);
  if (keeps_alive) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
}

}  // namespace ethercast
