#include "helper/host.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/ip.h>
#include <net/if.h>
#include <net/if_arp.h>

#include <cerrno>
#include <utility>

#include "helper/descriptors.h"
#include "helper/netlink.h"
#include "helper/privileges.h"

namespace ethercast::helper {

namespace {

constexpr char kForward[] = "/proc/sys/net/ipv4/ip_forward";

std::string text_in(const rtattr& attribute) {
  const auto* octets = static_cast<const char*>(RTA_DATA(&attribute));
  return {octets, strnlen(octets, RTA_PAYLOAD(&attribute))};
}

void read_kind(const rtattr& info, Link& link) {
  const rtattr* data = nullptr;
  each_nested(info, [&](const rtattr& each) {
    if (each.rta_type == IFLA_INFO_KIND) link.kind = text_in(each);
    if (each.rta_type == IFLA_INFO_DATA) data = &each;
  });
  if (link.kind != "tun" || data == nullptr) return;
  each_nested(*data, [&](const rtattr& each) {
    uint8_t type = 0;
    uint32_t owner = 0;
    if (each.rta_type == IFLA_TUN_TYPE && read_attribute(each, type)) link.is_tap = type == IFF_TAP;
    if (each.rta_type == IFLA_TUN_OWNER && read_attribute(each, owner)) link.owner = owner;
  });
}

std::optional<Link> read_link(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWLINK || message.nlmsg_len < NLMSG_LENGTH(sizeof(ifinfomsg))) return {};
  ifinfomsg fixed;
  std::memcpy(&fixed, NLMSG_DATA(&message), sizeof fixed);
  Link link;
  link.index = fixed.ifi_index;
  link.flags = fixed.ifi_flags;
  link.type = fixed.ifi_type;
  each_attribute(message, sizeof fixed, [&](const rtattr& each) {
    if (each.rta_type == IFLA_IFNAME) link.name = text_in(each);
    if (each.rta_type == IFLA_IFALIAS) link.alias = text_in(each);
    if (each.rta_type == IFLA_LINKINFO) read_kind(each, link);
  });
  return link;
}

ifinfomsg link_message(const Link& link) noexcept {
  ifinfomsg message{};
  message.ifi_family = AF_UNSPEC;
  message.ifi_index = link.index;
  return message;
}

// What came of one change: told either way.
Result<> told(int why, const std::string& command, Log& log) {
  if (why == 0) {
    log.did(command);
    return {};
  }
  std::string message = "uml_net: " + command + ": " + errno_text(why);
  if (why == EPERM || why == EACCES) message += " (" + how_to_get_privileges() + ")";
  return Error::os(why, "rtnetlink", std::move(message));
}

// A value of /proc/sys/net/ipv4/conf/LINK.
Result<> set_ipv4(const Link& link, uint16_t key, const std::string& name, uint32_t value, Log& log) {
  const int why = Netlink(RTM_SETLINK, 0)
                      .body(link_message(link))
                      .open(IFLA_AF_SPEC)
                      .open(AF_INET)
                      .open(IFLA_INET_CONF)
                      .attribute(key, value)
                      .close()
                      .close()
                      .close()
                      .change();
  return told(why, "sysctl -w net.ipv4.conf." + link.name + "." + name + "=" + std::to_string(value), log);
}

// A value of /proc/sys/net/ipv6/conf/LINK: netlink has no message for it.
Result<> set_ipv6(const Link& link, const std::string& key, const std::string& value, Log& log) {
  const Raised raised;
  const Fd file(::open(("/proc/sys/net/ipv6/conf/" + link.name + "/" + key).c_str(), O_WRONLY | O_CLOEXEC));
  const int why = file && ::write(file.get(), value.data(), value.size()) >= 0 ? 0 : errno;
  // A kernel without IPv6 has none of it.
  if (why == ENOENT) return {};
  return told(why, "sysctl -w net.ipv6.conf." + link.name + "." + key + "=" + value, log);
}

Netlink address_request(uint16_t type, uint16_t flags, const Link& link, const Ipv4& address) {
  Netlink request(type, flags);
  ifaddrmsg message{};
  message.ifa_family = AF_INET;
  message.ifa_prefixlen = 32;
  message.ifa_index = static_cast<uint32_t>(link.index);
  return request.body(message).attribute(IFA_LOCAL, address).attribute(IFA_ADDRESS, address);
}

}  // namespace

bool Link::is_guests() const noexcept {
  return kind == "tun" || (type >= ARPHRD_SLIP && type <= ARPHRD_CSLIP6);
}

Result<std::optional<Link>> find_link(const std::string& name, int index) {
  Netlink request(RTM_GETLINK, 0);
  Link wanted;
  wanted.index = index;
  request.body(link_message(wanted));
  if (!name.empty()) request.attribute(IFLA_IFNAME, name.c_str(), name.size() + 1);
  std::optional<Link> found;
  const int why = request.look([&](const nlmsghdr& message) {
    found = read_link(message);
    return false;
  });
  if (why != 0 && why != ENODEV) {
    return Error::os(why, "RTM_GETLINK",
                     "uml_net: device " + name + " can't be looked up: " + errno_text(why));
  }
  return found;
}

Result<> each_link(const std::function<void(const Link&)>& see) {
  Netlink request(RTM_GETLINK, NLM_F_DUMP);
  request.body(link_message({}));
  const int why = request.look([&](const nlmsghdr& message) {
    if (const auto link = read_link(message)) see(*link);
    return true;
  });
  if (why == 0) return {};
  return Error::os(why, "RTM_GETLINK", "uml_net: the devices can't be looked up: " + errno_text(why));
}

Result<> give_address(const Link& link, const Ipv4& address, Log& log) {
  Netlink request = address_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, link, address);
  return told(request.change(), "ip addr replace " + text_of(address) + "/32 dev " + link.name, log);
}

Result<> take_address(const Link& link, const Ipv4& address, Log& log) {
  Netlink request = address_request(RTM_DELADDR, 0, link, address);
  return told(request.change(), "ip addr del " + text_of(address) + "/32 dev " + link.name, log);
}

Result<> set_up(const Link& link, bool up, Log& log) {
  ifinfomsg message = link_message(link);
  message.ifi_flags = up ? IFF_UP : 0;
  message.ifi_change = IFF_UP;
  const int why = Netlink(RTM_NEWLINK, 0).body(message).change();
  return told(why, "ip link set dev " + link.name + (up ? " up" : " down"), log);
}

Result<> set_mtu(const Link& link, uint32_t mtu, Log& log) {
  const int why = Netlink(RTM_NEWLINK, 0).body(link_message(link)).attribute(IFLA_MTU, mtu).change();
  return told(why, "ip link set dev " + link.name + " mtu " + std::to_string(mtu), log);
}

Result<> set_alias(const Link& link, const std::string& alias) {
  const int why = Netlink(RTM_NEWLINK, 0)
                      .body(link_message(link))
                      .attribute(IFLA_IFALIAS, alias.data(), alias.size())
                      .change();
  Log unsaid;
  return told(why, "ip link set dev " + link.name + " alias '" + alias + "'", unsaid);
}

Result<> remove_link(const Link& link, Log& log) {
  const int why = Netlink(RTM_DELLINK, 0).body(link_message(link)).change();
  return told(why, "ip link del dev " + link.name, log);
}

Result<> forward(bool may_change, Log& log) {
  const std::string command = "sysctl -w net.ipv4.ip_forward=1";
  char now = '0';
  if (const Fd file(::open(kForward, O_RDONLY | O_CLOEXEC)); !file || ::read(file.get(), &now, 1) != 1) {
    return told(errno, command, log);
  }
  if (now == '1') return {};
  if (!may_change) {
    log.say(
        "uml_net: this host forwards nothing, so the guest reaches it alone. That switch is the whole "
        "host's: sudo " +
        command + ", or the word forward in the line of the policy that allows the device");
    return {};
  }
  const Raised raised;
  const Fd file(::open(kForward, O_WRONLY | O_CLOEXEC));
  return told(file && ::write(file.get(), "1\n", 2) == 2 ? 0 : errno, command, log);
}

Result<> confine(const Link& link, Log& log) {
  for (const auto& [key, value] : {std::pair{"disable_ipv6", "1"}, {"accept_ra", "0"}}) {
    if (auto set = set_ipv6(link, key, value, log); !set) return set;
  }
  return set_ipv4(link, IPV4_DEVCONF_RP_FILTER, "rp_filter", 1, log);
}

Result<> set_proxy_arp(const Link& link, bool on, Log& log) {
  return set_ipv4(link, IPV4_DEVCONF_PROXY_ARP, "proxy_arp", on ? 1 : 0, log);
}

}  // namespace ethercast::helper
