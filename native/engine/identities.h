// Identities: the sources that a port's own datagrams carry, the present one and the ones before it.
//
// All members of a group on one host share group:port as their bound address, so an echo can't be told by
// that. Hence a second socket for sending: it has an ephemeral port of its own, and what comes from there is
// ours.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/address.h"
#include "engine/clock.h"
#include "engine/interfaces.h"

namespace ethercast {

class Identities {
 public:
  // A source that was ours stays ours this long: its echoes may still be on the way, but the kernel may also
  // give the same ephemeral port to somebody else one day.
  static constexpr uint64_t kLife_ns = 5 * kNsPerSecond;

  void adopt(const SockAddr& own, uint64_t now_ns) noexcept {
    for (size_t i = known_.size() - 1; i > 0; --i) known_[i] = known_[i - 1];
    known_[1].until_ns = now_ns + kLife_ns;
    known_[0] = {own, ~0ULL};
  }
  bool is_own(const SockAddr& sender, uint64_t now_ns) const {
    for (const Identity& identity : known_) {
      if (identity.until_ns <= now_ns || identity.address.port() != sender.port()) continue;
      if (identity.address.same_address(sender)) return true;
      // Opened while the interface had no address, a socket takes the first one that comes, before we hear of
      // it. Two sockets of one host never have the same ephemeral port.
      if (identity.address.is_wildcard() && is_of_this_host(sender)) return true;
    }
    return false;
  }
  const SockAddr& present() const noexcept { return known_[0].address; }

 private:
  struct Identity {
    SockAddr address;
    uint64_t until_ns = 0;
  };
  std::array<Identity, 4> known_;  // a removal and an addition of an address may reopen twice in a row
};

}  // namespace ethercast
