// DatagramHandle: what lib/binding.ts knows of a datagram socket of AF_UNIX with a path, which Node itself
// does not have (unix(7)). For UML's management console; nothing here is fast.
//
// Threads: the JavaScript thread of its environment alone. Every message is read into memory that JavaScript
// lends, so that nothing grows here, whoever sends.
#pragma once

#include <napi.h>

#include "engine/unix_socket.h"
#include "node/datagram_watch.h"

namespace ethercast {

class DatagramHandle final : public Napi::ObjectWrap<DatagramHandle> {
 public:
  static Napi::Function define(Napi::Env env);

  // new NativeDatagrams(path, mode, readable): bound to `path`, whose permission bits are `mode`.
  // readable() is called while there are messages. Throws {code: 'details', message: JSON of the error}.
  explicit DatagramHandle(const Napi::CallbackInfo& info);
  ~DatagramHandle() override { shut(); }

 private:
  // connect(path) -> JSON text of null or {error}; from then on others' messages are refused
  Napi::Value connect(const Napi::CallbackInfo& info);
  // send(octets) -> JSON text of null or {error}; to where it is connected
  Napi::Value send(const Napi::CallbackInfo& info);
  // answer(octets) -> the same; to the path or name that the last message received came from
  Napi::Value answer(const Napi::CallbackInfo& info);
  // receive(into) -> octets that the message had, more than `into` holds when it was cut; -1: there is none
  Napi::Value receive(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);  // close(): the path is gone; idempotent
  Napi::Value ref(const Napi::CallbackInfo& info);
  Napi::Value unref(const Napi::CallbackInfo& info);

  void shut() noexcept;

  // Who sent the last message received; a length of 0: nobody who has a name.
  sockaddr_un sender_{};
  socklen_t sender_length_ = 0;
  // Destroyed bottom up: nobody watches a descriptor that is closed.
  Fd socket_;
  UnixName name_;
  DatagramWatch watch_;
};

// probeDatagrams(path) -> JSON text of null when somebody takes messages at that path, or {error}
Napi::Value probe_datagrams(const Napi::CallbackInfo& info);

}  // namespace ethercast
