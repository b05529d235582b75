#include "node/datagram_handle.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "node/answers.h"

namespace ethercast {

namespace {

constexpr mode_t kPermissions = 0777;

Napi::Value outcome(const Napi::CallbackInfo& info, const Result<>& result) {
  return Napi::String::New(info.Env(), result ? "null" : "{\"error\":" + error_to_json(result.error()) + "}");
}

Result<> closed() { return Error::of(Errc::closed, "the socket is closed"); }

}  // namespace

Napi::Function DatagramHandle::define(Napi::Env env) {
  return DefineClass(env, "NativeDatagrams",
                     {
                         InstanceMethod<&DatagramHandle::connect>("connect"),
                         InstanceMethod<&DatagramHandle::send>("send"),
                         InstanceMethod<&DatagramHandle::answer>("answer"),
                         InstanceMethod<&DatagramHandle::receive>("receive"),
                         InstanceMethod<&DatagramHandle::close>("close"),
                         InstanceMethod<&DatagramHandle::ref>("ref"),
                         InstanceMethod<&DatagramHandle::unref>("unref"),
                     });
}

DatagramHandle::DatagramHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<DatagramHandle>(info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 3 || !info[0].IsString() || !info[1].IsNumber() || !info[2].IsFunction()) {
    throw_type(env, "NativeDatagrams(path: string, mode: number, readable: function)");
    return;
  }
  const std::string path = info[0].As<Napi::String>();
  const UnixAccess access{.mode = info[1].As<Napi::Number>().Uint32Value() & kPermissions, .group = {}};
  auto made = unix_socket(SOCK_DGRAM);
  auto name = made ? UnixName::bind(made.value().get(), SOCK_DGRAM, path, access)
                   : Result<UnixName>(std::move(made.error()));
  if (!name) {
    // The message is the whole error, as JSON.
    napi_throw_error(env, "details", error_to_json(name.error()).c_str());
    return;
  }
  socket_ = std::move(made.value());
  name_ = std::move(name.value());
  if (watch_.start(env, socket_.get(), info[2])) return;
  shut();
  throw_type(env, "the socket can't be watched");
}

Napi::Value DatagramHandle::connect(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsString()) return throw_type(info.Env(), "connect(path: string)");
  return outcome(info, socket_ ? unix_connect(socket_.get(), info[0].As<Napi::String>()) : closed());
}

Napi::Value DatagramHandle::send(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsBuffer()) return throw_type(info.Env(), "send(octets: Uint8Array)");
  if (!socket_) return outcome(info, closed());
  const auto octets = info[0].As<Napi::Buffer<uint8_t>>();
  if (::send(socket_.get(), octets.Data(), octets.Length(), MSG_NOSIGNAL) >= 0) return outcome(info, {});
  const int os_errno = errno;
  return outcome(info, Error::os(os_errno, "send", std::strerror(os_errno)));
}

Napi::Value DatagramHandle::answer(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsBuffer()) return throw_type(info.Env(), "answer(octets: Uint8Array)");
  if (!socket_) return outcome(info, closed());
  // Who has not bound to anything can't be answered.
  if (sender_length_ <= sizeof sender_.sun_family || sender_length_ > sizeof sender_) {
    return outcome(info, Error::os(EDESTADDRREQ, "sendto", std::strerror(EDESTADDRREQ)));
  }
  const auto octets = info[0].As<Napi::Buffer<uint8_t>>();
  if (sendto(socket_.get(), octets.Data(), octets.Length(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&sender_), sender_length_) >= 0) {
    return outcome(info, {});
  }
  const int os_errno = errno;
  return outcome(info, Error::os(os_errno, "sendto", std::strerror(os_errno)));
}

Napi::Value DatagramHandle::receive(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsBuffer()) return throw_type(info.Env(), "receive(into: Uint8Array)");
  const auto into = info[0].As<Napi::Buffer<uint8_t>>();
  ssize_t got = -1;
  if (socket_) {
    do {
      sender_length_ = sizeof sender_;
      got = recvfrom(socket_.get(), into.Data(), into.Length(), MSG_TRUNC,
                     reinterpret_cast<sockaddr*>(&sender_), &sender_length_);
    } while (got < 0 && errno == EINTR);
    if (got < 0) sender_length_ = 0;
  }
  return Napi::Number::New(info.Env(), static_cast<double>(got));
}

Napi::Value DatagramHandle::close(const Napi::CallbackInfo& info) {
  shut();
  return info.Env().Undefined();
}

Napi::Value DatagramHandle::ref(const Napi::CallbackInfo& info) {
  watch_.set_ref(true);
  return info.Env().Undefined();
}

Napi::Value DatagramHandle::unref(const Napi::CallbackInfo& info) {
  watch_.set_ref(false);
  return info.Env().Undefined();
}

void DatagramHandle::shut() noexcept {
  watch_.stop();
  name_.remove();
  socket_.reset();
}

Napi::Value probe_datagrams(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsString()) return throw_type(info.Env(), "probeDatagrams(path: string)");
  const auto made = unix_socket(SOCK_DGRAM);
  return outcome(
      info, made ? unix_connect(made.value().get(), info[0].As<Napi::String>()) : Result<>(made.error()));
}

}  // namespace ethercast
