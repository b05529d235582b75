#include "node/host_facts.h"

#include "engine/capture_filter.h"
#include "engine/interfaces.h"
#include "engine/link_setup.h"
#include "engine/tap_device.h"
#include "engine/tap_errors.h"
#include "engine/udp_socket.h"
#include "node/config_from_js.h"

namespace ethercast {

namespace {
Napi::Value json(const Napi::CallbackInfo& info, const std::string& text) {
  return Napi::String::New(info.Env(), text);
}
Napi::Value failure(const Napi::CallbackInfo& info, const Error& error) {
  return json(info, "{\"error\":" + error_to_json(error) + "}");
}
Napi::Value misuse(const Napi::CallbackInfo& info, const char* usage) {
  Napi::TypeError::New(info.Env(), usage).ThrowAsJavaScriptException();
  return info.Env().Undefined();
}
}  // namespace

Napi::Value host_interfaces(const Napi::CallbackInfo& info) {
  auto all = list_interfaces();
  if (!all) return failure(info, all.error());
  std::string list;
  for (const Interface& each : all.value()) {
    std::string addresses;
    for (const SockAddr& address : each.addresses)
      addresses += (addresses.empty() ? "" : ",") + json_text(address.text());
    list += list.empty() ? "" : ",";
    list += "{\"index\":" + std::to_string(each.index) + ",\"name\":" + json_text(each.name) +
            ",\"flags\":" + std::to_string(each.flags) + ",\"mtu\":" + std::to_string(each.mtu) +
            ",\"addresses\":[" + addresses + "]}";
  }
  return json(info, "[" + list + "]");
}

Napi::Value host_route_to(const Napi::CallbackInfo& info) {
  if (info.Length() < 2 || !info[0].IsString() || !info[1].IsNumber()) {
    return misuse(info, "routeTo(address: string, interfaceIndex: number)");
  }
  auto to = SockAddr::parse("address", info[0].As<Napi::String>(), 0);
  if (!to) return failure(info, to.error());
  auto route = route_to(to.value(), info[1].As<Napi::Number>());
  if (!route) return failure(info, route.error());
  return json(info, "{\"interfaceIndex\":" + std::to_string(route.value().interface_index) +
                        ",\"mtu\":" + std::to_string(route.value().mtu) + ",\"source\":" +
                        json_text(route.value().source.length == 0 ? "" : route.value().source.text()) + "}");
}

Napi::Value host_probe_bind(const Napi::CallbackInfo& info) {
  if (info.Length() < 3 || !info[0].IsString() || !info[1].IsNumber() || !info[2].IsBoolean()) {
    return misuse(info, "probeBind(address: string, port: number, shared: boolean)");
  }
  auto address = SockAddr::parse("address", info[0].As<Napi::String>(),
                                 static_cast<uint16_t>(info[1].As<Napi::Number>().Uint32Value()));
  if (!address) return failure(info, address.error());
  auto socket = udp_socket(address.value().family());
  if (!socket) return failure(info, socket.error());
  if (info[2].As<Napi::Boolean>()) {
    if (auto set = set_option(socket.value().get(), SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"); !set) {
      return failure(info, set.error());
    }
  }
  if (auto bound = bind_socket(socket.value().get(), address.value()); !bound)
    return failure(info, bound.error());
  const int buffer = set_buffer(socket.value().get(), SO_RCVBUF, kDefaultBuffer);
  return json(info, "{\"receiveBuffer\":" + std::to_string(buffer) + "}");
}

Napi::Value host_link(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsString()) return misuse(info, "link(name: string)");
  auto found = look_up_link(info[0].As<Napi::String>());
  if (!found) return failure(info, found.error());
  if (!found.value()) return json(info, "null");
  const LinkInfo& link = *found.value();
  const auto flag = [](const char* name, bool value) {
    return std::string(",\"") + name + "\":" + (value ? "true" : "false");
  };
  std::string text = "{\"name\":" + json_text(link.name) + ",\"kind\":" + json_text(link.kind) +
                     ",\"flags\":" + std::to_string(link.flags) + ",\"mtu\":" + std::to_string(link.mtu) +
                     flag("isTap", link.is_tap) + flag("hasMultiQueue", link.has_multi_queue) +
                     flag("isPersistent", link.is_persistent) + ",\"queues\":" + std::to_string(link.queues);
  if (link.owner) text += ",\"owner\":" + std::to_string(*link.owner);
  if (link.group) text += ",\"group\":" + std::to_string(*link.group);
  return json(info, text + "}");
}

Napi::Value host_tun_features(const Napi::CallbackInfo& info) {
  const TunAbility ability = tun_ability();
  if (ability.os_errno != 0) return failure(info, no_tun_device(ability.os_errno));
  return json(info, "{\"features\":" + std::to_string(ability.features) + "}");
}

Napi::Value host_udp_features(const Napi::CallbackInfo& info) {
  const auto ability = udp_ability();
  if (!ability) return failure(info, ability.error());
  const auto word = [](bool value) { return value ? "true" : "false"; };
  return json(info, std::string("{\"segment\":") + word(ability.value().segment) +
                        ",\"gro\":" + word(ability.value().gro) + "}");
}

Napi::Value host_check_filter(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsString()) return misuse(info, "checkFilter(filter: string)");
  const auto by = check_filter(info[0].As<Napi::String>());
  if (!by) return failure(info, by.error());
  return json(info, "{\"by\":" + json_text(by.value()) + "}");
}

}  // namespace ethercast
