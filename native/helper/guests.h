// A guest has an address, or has it no longer: what this host does so that the guest is reached. Every
// change of a guest's address, from a command line or from a control channel, passes through these two.
#pragma once

#include <optional>

#include "core/result.h"
#include "helper/address.h"
#include "helper/host.h"
#include "helper/log.h"
#include "helper/rights.h"

namespace ethercast::helper {

struct GuestAddress {
  Ipv4 address{};
  std::optional<Ipv4> mask;  // of the guest's net; none: its LAN is taken to be on eth0, as old helpers did

  bool operator==(const GuestAddress&) const = default;
};

// Before a device goes up: this host's address on it, if it is to have one; on a new one, with limited
// rights, what keeps a guest from more than its own addresses. Other devices are set up by whoever made them.
Result<> prepare_device(const Link& device, bool is_new, const std::optional<Ipv4>& gate,
                        const Rights& rights, Log& log);

// A route to the guest by its device; ARP is answered on that device for all that this host reaches, and, on
// the other devices that the guest's net is behind, for the guest.
// The device is known to be the caller's. Nothing is done if the caller has no right to that address.
Result<> add_guest(const Link& device, const GuestAddress& guest, const Rights& rights, Log& log);
// The reverse. What is not there any more is no failure; of several failures the first is returned. With
// limited rights, that for which the helper has made no route by the device is not touched: it may be another
// user's, or the administrator's.
Result<> delete_guest(const Link& device, const GuestAddress& guest, const Rights& rights, Log& log);

// The device of that name, if it may be a guest's.
Result<Link> guests_device(const std::string& name);

}  // namespace ethercast::helper
