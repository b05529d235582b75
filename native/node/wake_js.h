// WakeJs: calls one JavaScript function, without arguments, from any thread. Calls between two turns melt
// into one.
//
// Raw Node-API with every status checked: the C++ wrappers abort the process when a worker is terminated in
// the middle of a call. A queue of length 1 is enough because JavaScript looks at everything that is there; a
// full queue means that a wake is on its way already.
#pragma once

#include <node_api.h>

#include <atomic>

namespace ethercast {

class WakeJs {
 public:
  WakeJs() = default;
  WakeJs(const WakeJs&) = delete;
  WakeJs& operator=(const WakeJs&) = delete;

  // JavaScript thread. The function is held until release().
  napi_status open(napi_env env, napi_value callback);
  // Any thread. After the environment has begun to close, never touches it again.
  void call_mt() noexcept;
  // JavaScript thread. No other thread may be in call_mt() any more.
  void release() noexcept;
  // JavaScript thread. Whether pending wakes keep the process alive.
  void ref(napi_env env) noexcept;
  void unref(napi_env env) noexcept;

 private:
  static void run(napi_env env, napi_value callback, void* context, void* data);

  napi_threadsafe_function function_ = nullptr;
  std::atomic<bool> closing_{false};
};

}  // namespace ethercast
