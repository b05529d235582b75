// Between JavaScript values and the native core's own types.
#pragma once

#include <napi.h>

#include <string>

#include "core/config.h"
#include "core/result.h"

namespace ethercast {

// Own enumerable properties that are texts, whole numbers or booleans; undefined ones are left out. Throws a JavaScript
// TypeError (and returns an empty Config) for anything else.
Config config_from_js(const Napi::Object& object);

// An Error as the plain fields that lib/binding.ts makes an EthercastError of.
std::string error_to_json(const Error& error);

// A quoted, escaped JSON string.
std::string json_text(const std::string& text);

}  // namespace ethercast
