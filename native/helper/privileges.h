// What this process may do beyond others, and when: of all capabilities CAP_NET_ADMIN alone is kept, and that
// one works only while a change is being made that takes it. Everything else (reading what the caller gave,
// answering it, opening /dev/net/tun, carrying frames) is done with the caller's own rights.
#pragma once

#include <string>

#include "core/result.h"

namespace ethercast::helper {

// The program has rights that its caller may lack: a file capability, or worse.
bool has_lent_rights() noexcept;

// Once, at the start: drops what is not needed, for good. True: it has lent rights, and must ask the policy.
// An error: it is set-user-ID or set-group-ID, which is too much.
Result<bool> settle_privileges();

// CAP_NET_ADMIN works while one of these lives, if this process has it at all. They don't nest.
class Raised {
 public:
  Raised() noexcept;
  ~Raised();
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;
};

// No change can be made any more, by this process or what it becomes. False: that can't be had.
bool drop_privileges() noexcept;

// What the caller is told when the kernel wants a capability that is not there.
std::string how_to_get_privileges();

}  // namespace ethercast::helper
