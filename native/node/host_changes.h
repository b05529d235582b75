// The few things of this host that are changed without a program of the system's: devices of /dev/net/tun
// that stay. And the numbers of users and groups, which such changes need.
#pragma once

#include <napi.h>

namespace ethercast {

// tunPersist({clone?, device, ethernet?, persist, owner?, group?}) -> JSON text of {device} or {error}
Napi::Value host_tun_persist(const Napi::CallbackInfo& info);
// accountNumber("user" or "group", name) -> JSON text of a number, null when there is none of that name
Napi::Value host_account_number(const Napi::CallbackInfo& info);

}  // namespace ethercast
