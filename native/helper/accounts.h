// Names and numbers of users and groups, out of passwd(5) and group(5) alone. The C library would load what
// nsswitch.conf names to look them up: code of others, in a process with rights that its caller lacks. Who is
// in another directory (LDAP) is given by number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ethercast::helper {

// `text`: of either file; both have NAME:password:NUMBER:… The first line that fits counts.
std::optional<uint32_t> account_number(std::string_view text, std::string_view name) noexcept;
// Empty: there is none, or none that a line of the policy could have.
std::string account_name(std::string_view text, uint32_t number);

}  // namespace ethercast::helper
