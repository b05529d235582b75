// How the native side answers JavaScript: exceptions for misuse, and events as JSON objects, built in pieces.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

#include "node/config_from_js.h"

namespace ethercast {

// Raw calls, their status not needed: it is bad only when the environment is closing, and then nobody is left
// to tell.
inline Napi::Value throw_closed(const Napi::Env& env) {
  napi_throw_error(env, "ERR_ETHERCAST_CLOSED", "the switch is closed");
  return Napi::Value();
}

inline Napi::Value throw_type(const Napi::Env& env, const char* usage) {
  napi_throw_type_error(env, nullptr, usage);
  return Napi::Value();
}

inline std::string event_start(const char* kind) { return std::string("{\"event\":\"") + kind + "\""; }
inline std::string number_field(const char* name, uint64_t value) {
  return std::string(",\"") + name + "\":" + std::to_string(value);
}
inline std::string text_field(const char* name, const std::string& value) {
  return std::string(",\"") + name + "\":" + json_text(value);
}

}  // namespace ethercast
