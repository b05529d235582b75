#include "node/wake_js.h"

namespace ethercast {

napi_status WakeJs::open(napi_env env, napi_value callback) {
  napi_value name;
  if (const napi_status status = napi_create_string_utf8(env, "ethercast", NAPI_AUTO_LENGTH, &name);
      status != napi_ok) {
    return status;
  }
  constexpr size_t kQueueLength = 1, kThreads = 1;
  return napi_create_threadsafe_function(env, callback, nullptr, name, kQueueLength, kThreads, nullptr,
                                         nullptr, nullptr, run, &function_);
}

void WakeJs::call_mt() noexcept {
  if (function_ == nullptr || closing_.load(std::memory_order_relaxed)) return;
  if (napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking) == napi_closing) {
    closing_.store(true, std::memory_order_relaxed);
  }
}

void WakeJs::release() noexcept {
  if (function_ == nullptr) return;
  if (!closing_.exchange(true)) napi_release_threadsafe_function(function_, napi_tsfn_abort);
  function_ = nullptr;
}

void WakeJs::ref(napi_env env) noexcept {
  if (function_ != nullptr) napi_ref_threadsafe_function(env, function_);
}

void WakeJs::unref(napi_env env) noexcept {
  if (function_ != nullptr) napi_unref_threadsafe_function(env, function_);
}

void WakeJs::run(napi_env env, napi_value callback, void*, void*) {
  if (env == nullptr || callback == nullptr) return;  // the environment is being torn down
  napi_value receiver, result;
  if (napi_get_undefined(env, &receiver) != napi_ok) return;
  if (napi_call_function(env, receiver, callback, 0, nullptr, &result) != napi_pending_exception) return;
  // A handler threw: that is the program's uncaught exception, not ours to swallow.
  napi_value exception;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

}  // namespace ethercast
