#include "helper/guests.h"

namespace ethercast::helper {

namespace {

constexpr char kOldLan[] = "eth0";

void keep_first(Result<>& first, Result<> another, Log& log) {
  if (another) return;
  log.say(another.error().message);
  if (first) first = std::move(another);
}

Result<> each_lan(const Link& device, const GuestAddress& guest, const Rights& rights,
                  const std::function<void(const Link&)>& see) {
  // A guest's mask is its own word, and could name all nets there are.
  if (rights.limited()) return each_link_beside(device, guest.address, see);
  if (guest.mask) return each_link_towards(device, guest.address, *guest.mask, see);
  const auto found = find_link(kOldLan);
  if (!found) return found.error();
  if (found.value() && found.value()->index != device.index) see(*found.value());
  return {};
}

}  // namespace

Result<> prepare_device(const Link& device, bool is_new, const std::optional<Ipv4>& gate,
                        const Rights& rights, Log& log) {
  if (rights.limited()) {
    if (gate) {
      if (auto free = expect_no_guest_at(device, *gate); !free) return free;
    }
    if (is_new) {
      if (auto confined = confine(device, log); !confined) return confined;
    }
  }
  if (!gate) return {};
  return give_address(device, *gate, log);
}

Result<> add_guest(const Link& device, const GuestAddress& guest, const Rights& rights, Log& log) {
  if (auto may = rights.may_add(device, guest.address, guest.mask); !may) {
    log.say(may.error().message);
    return may;
  }
  if (auto added = add_host_route(device, guest.address, log); !added) {
    log.say(added.error().message);
    return added;
  }
  Result<> first;
  keep_first(first, set_proxy_arp(device, true, log), log);
  keep_first(first,
             each_lan(device, guest, rights,
                      [&](const Link& lan) { keep_first(first, publish(lan, guest.address, log), log); }),
             log);
  return first;
}

Result<> delete_guest(const Link& device, const GuestAddress& guest, const Rights& rights, Log& log) {
  Result<> first;
  bool was_there = false;
  keep_first(first, delete_host_route(device, guest.address, log, &was_there), log);
  if (rights.limited() && !was_there) return first;
  // It stays for the guest's other addresses.
  const auto others = has_host_routes(device);
  if (others && !others.value()) keep_first(first, set_proxy_arp(device, false, log), log);
  keep_first(first,
             each_lan(device, guest, rights,
                      [&](const Link& lan) { keep_first(first, withdraw(lan, guest.address, log), log); }),
             log);
  return first;
}

Result<Link> guests_device(const std::string& name) {
  auto found = find_link(name);
  if (!found) return found.error();
  if (!found.value()) {
    return Error::of(Errc::state,
                     "uml_net: there is no device " + name + ": ip -br link lists those that are");
  }
  if (!found.value()->is_guests()) {
    return Error::of(Errc::state,
                     "uml_net: " + name +
                         " is no tap, tun or SLIP device, and so no guest's: guests' addresses are "
                         "routed to no other");
  }
  return *found.value();
}

}  // namespace ethercast::helper
