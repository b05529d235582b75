#include "node/switch_handle.h"

#include <sys/random.h>

#include <cstring>

#include "node/answers.h"
#include "node/config_from_js.h"
#include "node/fabric_options.h"
#include "ports/host.h"
#include "ports/registry.h"

namespace ethercast {

Napi::Function SwitchHandle::define(Napi::Env env) {
  return DefineClass(env, "NativeSwitch",
                     {
                         InstanceMethod<&SwitchHandle::add_port>("addPort"),
                         InstanceMethod<&SwitchHandle::add_host_port>("addHostPort"),
                         InstanceMethod<&SwitchHandle::remove_port>("removePort"),
                         InstanceMethod<&SwitchHandle::release_peer>("releasePeer"),
                         InstanceMethod<&SwitchHandle::bell>("bell"),
                         InstanceMethod<&SwitchHandle::take_events>("takeEvents"),
                         InstanceMethod<&SwitchHandle::counters>("counters"),
                         InstanceMethod<&SwitchHandle::forget>("forget"),
                         InstanceMethod<&SwitchHandle::stations>("stations"),
                         InstanceMethod<&SwitchHandle::pin>("pin"),
                         InstanceMethod<&SwitchHandle::unpin>("unpin"),
                         InstanceMethod<&SwitchHandle::stop>("stop"),
                         InstanceMethod<&SwitchHandle::ref>("ref"),
                         InstanceMethod<&SwitchHandle::unref>("unref"),
                     });
}

SwitchHandle::SwitchHandle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SwitchHandle>(info), env_(info.Env()) {
  const Napi::Env env = info.Env();
  stopped_ = true;
  if (info.Length() < 2 || !info[0].IsObject() || !info[1].IsFunction()) {
    throw_type(env, "NativeSwitch(options: object, wake: function)");
    return;
  }
  const std::optional<Config> config = config_from_js(env, info[0]);
  if (!config) return;
  Result<FabricOptions> checked = fabric_options(*config);
  if (!checked) {
    throw_type(env, checked.error().message.c_str());
    return;
  }
  FabricOptions& options = checked.value();
  // Without a random key the table would only be slower under attack, so a failure here is no reason to
  // refuse.
  [[maybe_unused]] const ssize_t got = getrandom(&options.hash_seed, sizeof options.hash_seed, 0);

  // The thread-safe function before our own hook: hooks run newest first, so ours stops the thread while it
  // still lives.
  if (wake_.open(env, info[1]) != napi_ok) {
    throw_type(env, "the wake function could not be set up");
    return;
  }
  engine_ = std::make_unique<Engine>(options, *this);
  Result<> started = engine_->open();
  if (started) started = engine_->start();
  if (!started) {
    wake_.release();
    engine_.reset();
    // The message is the whole error, as JSON: lib/switch.ts makes its own kind of error of it.
    napi_throw_error(env, "details", error_to_json(started.error()).c_str());
    return;
  }
  stopped_ = false;
  napi_add_env_cleanup_hook(env, on_environment_closing, this);
}

SwitchHandle::~SwitchHandle() { stop_engine(); }

void SwitchHandle::on_environment_closing(void* handle) { static_cast<SwitchHandle*>(handle)->stop_engine(); }

// Returns when the I/O thread has ended: from then on nothing native holds a pointer into a ring.
void SwitchHandle::stop_engine() noexcept {
  if (stopped_) return;
  stopped_ = true;
  napi_remove_env_cleanup_hook(env_, on_environment_closing, this);
  engine_->stop_mt();
  // Now, and not when this object is collected: its descriptors would pile up until then.
  engine_.reset();
  wake_.release();
}

bool SwitchHandle::post(std::function<void(Engine&)> command, const Napi::Env& env) {
  if (!stopped_ && engine_->post_mt(std::move(command))) return true;
  throw_closed(env);
  return false;
}

Napi::Value SwitchHandle::add_port(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 4 || !info[0].IsNumber() || !info[1].IsString() || !info[2].IsObject() ||
      !info[3].IsString()) {
    return throw_type(env, "addPort(request: number, transport: string, config: object, name: string)");
  }
  const uint32_t request = info[0].As<Napi::Number>();
  const std::optional<Config> config = config_from_js(env, info[2]);
  if (!config) return Napi::Value();
  auto port = make_port(info[1].As<Napi::String>(), *config);
  if (!port) {
    add_failed(request, port.error(), false);
    return env.Undefined();
  }
  // std::function must be copyable, so the port travels in a shared pointer and is taken out once.
  auto travelling = std::make_shared<std::unique_ptr<Port>>(std::move(port.value()));
  post([request, travelling, name = info[3].As<Napi::String>().Utf8Value()](
           Engine& engine) { engine.add_port(request, std::move(*travelling), name); },
       env);
  return env.Undefined();
}

Napi::Value SwitchHandle::add_host_port(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto is_octets = [](const Napi::Value& value) {
    return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array;
  };
  if (info.Length() < 5 || !info[0].IsNumber() || !is_octets(info[1]) || !is_octets(info[2]) ||
      !info[3].IsNumber() || !info[4].IsString()) {
    return throw_type(env,
                      "addHostPort(request: number, toProgram: Uint8Array, fromProgram: Uint8Array, "
                      "maxFrame: number, name: string)");
  }
  if (stopped_) return throw_closed(env);
  const uint32_t request = info[0].As<Napi::Number>();
  // What is kept under this number keeps an open port's rings alive.
  if (host_ends_.contains(request)) return throw_type(env, "addHostPort: this request is in use");
  HostPortOptions options;
  // Raw calls: the memory is a SharedArrayBuffer's, which the C++ wrappers of this Node-API version don't
  // know.
  for (const auto& [value, memory] :
       {std::pair<napi_value, RingMemory*>{info[1], &options.to_program}, {info[2], &options.from_program}}) {
    void* data = nullptr;
    size_t length = 0;
    napi_value buffer = nullptr;
    bool detachable =
        true;  // an ArrayBuffer can be transferred, and its memory goes with it; a shared one can't
    if (napi_get_typedarray_info(env, value, nullptr, &length, &data, &buffer, nullptr) != napi_ok ||
        napi_is_arraybuffer(env, buffer, &detachable) != napi_ok || detachable) {
      return throw_type(env, "a ring is a Uint8Array on a SharedArrayBuffer");
    }
    *memory = RingMemory(static_cast<uint8_t*>(data), length);
  }
  options.max_frame = info[3].As<Napi::Number>();
  options.bell = std::make_shared<Wake>();
  options.wake_program = [this] { wake_.call_mt(); };
  const auto bell = options.bell;
  if (auto opened = bell->open(); !opened) {
    add_failed(request, opened.error(), false);
    return env.Undefined();
  }
  auto port = make_host_port(std::move(options));
  if (!port) {
    add_failed(request, port.error(), false);
    return env.Undefined();
  }
  host_ends_[request] = {Napi::Persistent(info[1].As<Napi::Object>()),
                         Napi::Persistent(info[2].As<Napi::Object>()), bell};
  auto travelling = std::make_shared<std::unique_ptr<Port>>(std::move(port.value()));
  post([request, travelling, name = info[4].As<Napi::String>().Utf8Value()](
           Engine& engine) { engine.add_port(request, std::move(*travelling), name); },
       env);
  return env.Undefined();
}

Napi::Value SwitchHandle::remove_port(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsNumber()) return throw_type(env, "removePort(id: number)");
  const auto id = static_cast<PortId>(info[0].As<Napi::Number>().Uint32Value());
  post([id](Engine& engine) { engine.remove_port(id); }, env);
  return env.Undefined();
}

Napi::Value SwitchHandle::release_peer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsNumber()) return throw_type(env, "releasePeer(id: number)");
  const auto id = static_cast<PortId>(info[0].As<Napi::Number>().Uint32Value());
  post([id](Engine& engine) { engine.release_peer(id); }, env);
  return env.Undefined();
}

Napi::Value SwitchHandle::bell(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsNumber()) return throw_type(info.Env(), "bell(request: number)");
  const auto ends = host_ends_.find(info[0].As<Napi::Number>());
  if (ends != host_ends_.end()) ends->second.bell->ring_mt();
  return info.Env().Undefined();
}

Napi::Value SwitchHandle::take_events(const Napi::CallbackInfo& info) {
  std::string events;
  {
    const std::lock_guard lock(mutex_);
    events.swap(events_);
  }
  const std::string json = "[" + events + "]";
  napi_value text;
  // Raw and checked: this runs inside a wake, where a worker may be terminated under our feet.
  if (napi_create_string_utf8(info.Env(), json.data(), json.size(), &text) != napi_ok) return Napi::Value();
  return Napi::Value(info.Env(), text);
}

Napi::Value SwitchHandle::counters(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 2 || !info[0].IsNumber() || !info[1].IsTypedArray() ||
      info[1].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array ||
      info[1].As<Napi::TypedArray>().ElementLength() < kCounterCount) {
    return throw_type(env, "counters(id: number, into: Float64Array of counterNames.length)");
  }
  std::shared_ptr<PortCounters> block;
  {
    const std::lock_guard lock(mutex_);
    const auto found = counters_.find(static_cast<PortId>(info[0].As<Napi::Number>().Uint32Value()));
    if (found != counters_.end()) block = found->second;
  }
  if (!block) return Napi::Boolean::New(env, false);
  // counters.h asserts that the block is an array of Counter.
  const auto* first = reinterpret_cast<const Counter*>(block.get());
  double* into = info[1].As<Napi::Float64Array>().Data();
  for (size_t i = 0; i < kCounterCount; ++i) into[i] = static_cast<double>(first[i].get());
  return Napi::Boolean::New(env, true);
}

Napi::Value SwitchHandle::forget(const Napi::CallbackInfo& info) {
  if (info.Length() < 2 || !info[0].IsNumber() || !info[1].IsNumber()) {
    return throw_type(info.Env(), "forget(id: number, request: number)");
  }
  {
    const std::lock_guard lock(mutex_);
    counters_.erase(static_cast<PortId>(info[0].As<Napi::Number>().Uint32Value()));
  }
  const auto ends = host_ends_.find(info[1].As<Napi::Number>());
  if (ends == host_ends_.end()) return info.Env().Undefined();
  // A port gives its bell back when it closes; while it has it, it also has pointers into the rings.
  if (ends->second.bell.use_count() > 1) return throw_type(info.Env(), "forget: the port is not closed");
  host_ends_.erase(ends);
  return info.Env().Undefined();
}

Napi::Value SwitchHandle::stop(const Napi::CallbackInfo& info) {
  stop_engine();
  host_ends_.clear();
  return info.Env().Undefined();
}

Napi::Value SwitchHandle::ref(const Napi::CallbackInfo& info) {
  wake_.ref(info.Env());
  return info.Env().Undefined();
}

Napi::Value SwitchHandle::unref(const Napi::CallbackInfo& info) {
  wake_.unref(info.Env());
  return info.Env().Undefined();
}

void SwitchHandle::add_event(const std::string& json) {
  {
    const std::lock_guard lock(mutex_);
    if (!events_.empty()) events_ += ',';
    events_ += json;
  }
  wake_.call_mt();
}

void SwitchHandle::on_port_opened(uint32_t request, PortId port, const std::string& name, PortId parent,
                                  PortState state, std::shared_ptr<PortCounters> counters) {
  {
    const std::lock_guard lock(mutex_);
    counters_[port] = std::move(counters);
  }
  add_event(event_start("opened") + number_field("request", request) + number_field("id", port) +
            number_field("parent", parent) + text_field("name", name) +
            text_field("state", port_state_name(state)) + "}");
}

// `tried`: the I/O thread has begun to open it, so it may have told facts.
void SwitchHandle::add_failed(uint32_t request, const Error& error, bool tried) {
  add_event(event_start("failed") + number_field("request", request) +
            ",\"tried\":" + (tried ? "true" : "false") + ",\"error\":" + error_to_json(error) + "}");
}

void SwitchHandle::on_port_failed(uint32_t request, const Error& error) { add_failed(request, error, true); }

void SwitchHandle::on_port_event(PortId port, const PortEvent& event) {
  std::string json = event_start("port") + number_field("id", port) +
                     text_field("state", port_state_name(event.state)) + text_field("reason", event.reason) +
                     text_field("message", event.message);
  if (event.os_errno != 0) {
    const char* name = strerrorname_np(event.os_errno);
    json += text_field("errno", name != nullptr ? name : std::to_string(event.os_errno));
  }
  add_event(json + "}");
}

void SwitchHandle::on_port_note(PortId port, const std::string& key, const std::string& value) {
  add_event(event_start("note") + number_field("id", port) + text_field("key", key) +
            text_field("value", value) + "}");
}

void SwitchHandle::on_port_closed(PortId port) {
  add_event(event_start("closed") + number_field("id", port) + "}");
}

}  // namespace ethercast
