#include "node/config_from_js.h"

#include <cmath>
#include <cstdio>
#include <cstring>

namespace ethercast {

namespace {

bool read_text(napi_env env, napi_value value, std::string& text) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
  text.resize(length + 1);  // Node-API writes a terminator too
  if (napi_get_value_string_utf8(env, value, text.data(), text.size(), &length) != napi_ok) return false;
  text.resize(length);
  return true;
}

// A list of texts; false with or without an exception pending.
bool read_texts(napi_env env, napi_value list, std::vector<std::string>& texts) {
  uint32_t count = 0;
  if (napi_get_array_length(env, list, &count) != napi_ok) return false;
  for (uint32_t i = 0; i < count; ++i) {
    napi_value element;
    std::string text;
    if (napi_get_element(env, list, i, &element) != napi_ok || !read_text(env, element, text)) return false;
    texts.push_back(std::move(text));
  }
  return true;
}

// A value of the object, of whatever type; false with or without an exception pending.
bool add(napi_env env, napi_value value, std::string name, Config& config) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) != napi_ok) return false;
  if (type == napi_undefined) return true;
  if (type == napi_string) {
    std::string text;
    if (!read_text(env, value, text)) return false;
    config.set(std::move(name), std::move(text));
    return true;
  }
  if (type == napi_boolean) {
    bool flag = false;
    if (napi_get_value_bool(env, value, &flag) != napi_ok) return false;
    config.set(std::move(name), flag);
    return true;
  }
  bool is_list = false;
  if (napi_is_array(env, value, &is_list) != napi_ok) return false;
  if (is_list) {
    std::vector<std::string> texts;
    if (!read_texts(env, value, texts)) {
      bool pending = false;
      if (napi_is_exception_pending(env, &pending) == napi_ok && !pending) {
        napi_throw_type_error(env, nullptr, (name + " must be a list of texts").c_str());
      }
      return false;
    }
    config.set(std::move(name), std::move(texts));
    return true;
  }
  double number = 0.5;
  if (type == napi_number && napi_get_value_double(env, value, &number) != napi_ok) return false;
  if (std::nearbyint(number) == number && std::fabs(number) <= 9007199254740991.0) {
    config.set(std::move(name), static_cast<int64_t>(number));
    return true;
  }
  napi_throw_type_error(env, nullptr,
                        (name + " must be a text, a whole number, a boolean or a list of texts").c_str());
  return false;
}

}  // namespace

std::optional<Config> config_from_js(napi_env env, napi_value object) {
  Config config;
  napi_value names;
  uint32_t count = 0;
  if (napi_get_property_names(env, object, &names) != napi_ok ||
      napi_get_array_length(env, names, &count) != napi_ok) {
    return std::nullopt;
  }
  for (uint32_t i = 0; i < count; ++i) {
    napi_value key, value;
    std::string name;
    if (napi_get_element(env, names, i, &key) != napi_ok || !read_text(env, key, name) ||
        napi_get_property(env, object, key, &value) != napi_ok || !add(env, value, std::move(name), config)) {
      return std::nullopt;
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
