// Between JavaScript values and the native core's own types.
#pragma once

#include <napi.h>

#include <optional>
#include <string>

#include "core/config.h"
#include "core/result.h"

namespace ethercast {

// Enumerable properties that are texts, whole numbers or booleans; undefined ones are left out. Anything else
// throws a JavaScript TypeError; nothing is then returned, nor when a getter or proxy throws, or the
// environment is closing: then without an exception, since none can be thrown any more.
//
// Raw Node-API with every status checked: the C++ wrappers abort the process when a worker is terminated in
// the middle.
std::optional<Config> config_from_js(napi_env env, napi_value object);

// An Error as the plain fields that lib/binding.ts makes an EthercastError of.
std::string error_to_json(const Error& error);

// A quoted, escaped JSON string.
std::string json_text(const std::string& text);

}  // namespace ethercast
