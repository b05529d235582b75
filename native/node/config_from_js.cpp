#include "node/config_from_js.h"

#include <cmath>
#include <cstdio>
#include <cstring>

namespace ethercast {

Config config_from_js(const Napi::Object& object) {
  Config config;
  const Napi::Array keys = object.GetPropertyNames();
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    const Napi::Value key = keys.Get(i);
    const Napi::Value value = object.Get(key);
    const std::string name = key.As<Napi::String>();
    if (value.IsUndefined()) continue;
    if (value.IsString()) {
      config.set(name, value.As<Napi::String>().Utf8Value());
    } else if (value.IsBoolean()) {
      config.set(name, value.As<Napi::Boolean>().Value());
    } else if (value.IsNumber() && std::nearbyint(value.As<Napi::Number>().DoubleValue()) ==
                                       value.As<Napi::Number>().DoubleValue() &&
               std::fabs(value.As<Napi::Number>().DoubleValue()) <= 9007199254740991.0) {
      config.set(name, value.As<Napi::Number>().Int64Value());
    } else {
      Napi::TypeError::New(object.Env(), name + " must be a text, a whole number or a boolean")
          .ThrowAsJavaScriptException();
      return Config();
    }
  }
  return config;
}

std::string json_text(const std::string& text) {
  std::string out = "\"";
  for (const char character : text) {
    const auto octet = static_cast<unsigned char>(character);
    if (octet == '"' || octet == '\\') {
      out += '\\';
      out += character;
    } else if (octet < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", octet);
      out += escape;
    } else {
      out += character;
    }
  }
  return out + '"';
}

std::string error_to_json(const Error& error) {
  std::string out = "{\"message\":" + json_text(error.message);
  if (error.code == Errc::os) {
    const char* name = strerrorname_np(error.os_errno);
    const std::string errno_name = name != nullptr ? name : std::to_string(error.os_errno);
    out += ",\"code\":" + json_text(errno_name) + ",\"errno\":" + json_text(errno_name);
    if (error.syscall != nullptr) out += ",\"syscall\":" + json_text(error.syscall);
  } else {
    out += ",\"code\":" + json_text(std::string("ERR_ETHERCAST_") + errc_name(error.code));
  }
  if (!error.field.empty()) out += ",\"field\":" + json_text(error.field);
  return out + "}";
}

}  // namespace ethercast
