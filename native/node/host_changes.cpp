#include "node/host_changes.h"

#include "engine/accounts.h"
#include "engine/tun_persist.h"
#include "node/answers.h"

namespace ethercast {

namespace {

Result<TunPersistence> read_wish(const Config& config) {
  TunPersistence wanted;
  auto device = config.text("device");
  if (!device) return device.error();
  wanted.device = device.value();
  if (config.has("clone")) {
    auto clone = config.text("clone");
    if (!clone) return clone.error();
    wanted.clone = clone.value();
  }
  for (const auto& [name, flag] : {std::pair{"ethernet", &wanted.ethernet}, {"persist", &wanted.persist}}) {
    if (!config.has(name)) continue;
    auto value = config.flag(name);
    if (!value) return value.error();
    *flag = value.value();
  }
  for (const auto& [name, number] : {std::pair{"owner", &wanted.owner}, {"group", &wanted.group}}) {
    if (!config.has(name)) continue;
    auto value = config.integer(name, 0, UINT32_MAX);
    if (!value) return value.error();
    *number = static_cast<uint32_t>(value.value());
  }
  return wanted;
}

Napi::Value text(const Napi::CallbackInfo& info, const std::string& json) {
  return Napi::String::New(info.Env(), json);
}

}  // namespace

Napi::Value host_tun_persist(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsObject()) return throw_type(info.Env(), "tunPersist(wanted: object)");
  const auto config = config_from_js(info.Env(), info[0]);
  if (!config) return Napi::Value();
  const auto wanted = read_wish(*config);
  if (!wanted) return text(info, "{\"error\":" + error_to_json(wanted.error()) + "}");
  const auto device = set_tun_persistence(wanted.value());
  if (!device) return text(info, "{\"error\":" + error_to_json(device.error()) + "}");
  return text(info, "{\"device\":" + json_text(device.value()) + "}");
}

Napi::Value host_account_number(const Napi::CallbackInfo& info) {
  if (info.Length() < 2 || !info[0].IsString() || !info[1].IsString()) {
    return throw_type(info.Env(), "accountNumber(kind: 'user' or 'group', name: string)");
  }
  const std::string kind = info[0].As<Napi::String>();
  const auto number =
      account_number(kind == "user" ? Account::user : Account::group, info[1].As<Napi::String>());
  return text(info, number ? std::to_string(*number) : "null");
}

}  // namespace ethercast
