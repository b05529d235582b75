// SwitchHandle: what lib/binding.ts knows of a switch. The JavaScript side of one Engine.
//
// Threads: constructed, called and destroyed on the JavaScript thread of its environment; the observer
// functions run on the I/O thread and only append to a list under a lock, then wake JavaScript. Nothing here
// waits for JavaScript.
#pragma once

#include <napi.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/engine.h"
#include "node/wake_js.h"

namespace ethercast {

class SwitchHandle final : public Napi::ObjectWrap<SwitchHandle>, public EngineObserver {
 public:
  static Napi::Function define(Napi::Env env);

  // new NativeSwitch(options, wake); the options are those of fabric_options.h
  explicit SwitchHandle(const Napi::CallbackInfo& info);
  ~SwitchHandle() override;

 private:
  // addPort(request, transport, config, name)
  Napi::Value add_port(const Napi::CallbackInfo& info);
  // addHostPort(request, toProgram, fromProgram, maxFrame, name)
  Napi::Value add_host_port(const Napi::CallbackInfo& info);
  Napi::Value remove_port(const Napi::CallbackInfo& info);   // removePort(id)
  Napi::Value release_peer(const Napi::CallbackInfo& info);  // releasePeer(id)
  Napi::Value bell(const Napi::CallbackInfo& info);          // bell(request of addHostPort)
  Napi::Value take_events(const Napi::CallbackInfo& info);   // takeEvents() -> JSON text of an array
  Napi::Value counters(const Napi::CallbackInfo& info);      // counters(id, Float64Array) -> known
  Napi::Value forget(
      const Napi::CallbackInfo& info);  // forget(id, request): releases what a closed port held
  Napi::Value stations(const Napi::CallbackInfo& info);  // stations(request): the MAC table, as an event
  // pin(request, mac, vlan, port) and unpin(request, mac, vlan); the answer is an event
  Napi::Value pin(const Napi::CallbackInfo& info);
  Napi::Value unpin(const Napi::CallbackInfo& info);
  Napi::Value stop(const Napi::CallbackInfo& info);  // stop(): closes and joins; idempotent
  Napi::Value ref(const Napi::CallbackInfo& info);
  Napi::Value unref(const Napi::CallbackInfo& info);

  void on_port_opened(uint32_t request, PortId port, const std::string& name, PortId parent, PortState state,
                      std::shared_ptr<PortCounters> counters) override;
  void on_port_failed(uint32_t request, const Error& error) override;
  void on_port_event(PortId port, const PortEvent& event) override;
  void on_port_note(PortId port, const std::string& key, const std::string& value) override;
  void on_port_closed(PortId port) override;

  void add_event(const std::string& json);
  void add_failed(uint32_t request, const Error& error, bool tried);
  void stop_engine() noexcept;
  static void on_environment_closing(void* handle);
  bool post(std::function<void(Engine&)> command, const Napi::Env& env);

  // What JavaScript lends to a host port: the rings stay alive until the port holds no pointer into them.
  struct HostEnds {
    Napi::ObjectReference to_program, from_program;
    std::shared_ptr<Wake> bell;
  };

  // Destroyed bottom up: the engine first, since its thread uses all the rest.
  std::map<uint32_t, HostEnds> host_ends_;  // by request
  WakeJs wake_;
  std::mutex mutex_;  // guards the two below
  std::string events_;
  std::map<PortId, std::shared_ptr<PortCounters>> counters_;
  std::unique_ptr<Engine> engine_;
  bool stopped_ = false;
  napi_env env_;
};

}  // namespace ethercast
