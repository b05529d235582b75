// Users and groups of this host by name, wherever the system has them from (getpwnam(3), getgrnam(3)).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ethercast {

enum class Account { user, group };

// Nothing when there is none of that name. Numbers are no names. May take a while: not on the I/O thread.
std::optional<uint32_t> account_number(Account kind, const std::string& name);

}  // namespace ethercast
