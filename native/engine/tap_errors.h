// What to tell people when a tap can't be had. Each says what stands in the way and what to type.
#pragma once

#include <string>

#include "core/result.h"
#include "engine/link_setup.h"

namespace ethercast {

Error no_tun_device(int os_errno);
// A link of that name that is no tap.
Error not_a_tap(const LinkInfo& link);
// TUNSETIFF failed. `link`: the device as it was before; null: it was to be made. `name` may be empty.
Error tap_refused(int os_errno, const std::string& name, const LinkInfo* link);

}  // namespace ethercast
