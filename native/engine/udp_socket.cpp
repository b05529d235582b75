#include "engine/udp_socket.h"

#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/ether.h"

namespace ethercast {

namespace {
// What every IPv4 host takes (RFC 9293 section 3.7.1); to ask for less makes no network better.
constexpr int64_t kLeastMss = 536;
}  // namespace

Result<UdpOptions> read_udp_options(const Config& config, bool v6) {
  auto sizes = read_frame_options(config, udp_max_payload(v6));
  if (!sizes) return sizes.error();
  UdpOptions options;
  static_cast<FrameOptions&>(options) = sizes.value();
  if (config.has("offload")) {
    auto offload = config.text("offload");
    if (!offload) return offload.error();
    if (offload.value() != "auto" && offload.value() != "off") {
      return Error::bad_field("offload",
                              "offload " + offload.value() + " is unknown: allowed are auto and off");
    }
    options.offload = offload.value() == "auto";
  }
  if (config.text("mss")) {
    const std::string mss = config.text("mss").value();
    if (mss != "auto" && mss != "off") {
      return Error::bad_field("mss",
                              "mss " + mss + " is unknown: allowed are auto, off and a number of octets");
    }
    options.mss = mss == "auto" ? UdpOptions::Mss::automatic : UdpOptions::Mss::off;
  } else if (config.has("mss")) {
    auto mss = config.integer("mss", kLeastMss, kMaxFrame);
    if (!mss) return mss.error();
    options.mss = UdpOptions::Mss::fixed;
    options.mss_octets = static_cast<uint16_t>(mss.value());
  }
  return options;
}

MssLimit UdpOptions::mss_limit(uint32_t path) const noexcept {
  switch (mss) {
    case Mss::off:
      return {};
    case Mss::fixed:
      return {mss_octets, mss_octets};
    case Mss::automatic:
      break;
  }
  return MssLimit::of_mtu(path);
}

Result<Fd> udp_socket(int family) {
  Fd fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return Error::os(errno, "socket", family == AF_INET6 ? "no IPv6 UDP socket" : "no UDP socket");
  if (family == AF_INET6) {
    if (auto only = set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY"); !only)
      return only.error();
  }
  return fd;
}

Result<> set_option(int fd, int level, int option, int value, const char* what) {
  if (setsockopt(fd, level, option, &value, sizeof value) == 0) return {};
  return Error::os(errno, "setsockopt", std::string(what) + " was refused");
}

Result<UdpAbility> udp_ability() {
  auto socket = udp_socket(AF_INET);
  if (!socket) socket = udp_socket(AF_INET6);
  if (!socket) return socket.error();
  const int fd = socket.value().get();
  return UdpAbility{.segment = set_option(fd, IPPROTO_UDP, UDP_SEGMENT, 0, "UDP_SEGMENT").ok(),
                    .gro = set_option(fd, IPPROTO_UDP, UDP_GRO, 1, "UDP_GRO").ok()};
}

Result<> bind_socket(int fd, const SockAddr& address) {
  if (::bind(fd, &address.any, address.length) == 0) return {};
  const int why = errno;
  std::string message = "can't bind " + address.text() + " port " + std::to_string(address.port());
  if (why == EADDRINUSE) {
    message += ": another program has it and does not share it (find it with: ss -ulnp sport = :" +
               std::to_string(address.port()) + ")";
  }
  return Error::os(why, "bind", message);
}

// RFC 3678: the protocol-independent calls take the interface by index, for any-source and source-specific
// alike.
Result<> join_group(int fd, const SockAddr& group, const SockAddr* source, MulticastOn on) {
  const int level = group.is_v6() ? IPPROTO_IPV6 : IPPROTO_IP;
  int result;
  if (source != nullptr) {
    group_source_req request{};
    request.gsr_interface = static_cast<uint32_t>(on.interface_index);
    std::memcpy(&request.gsr_group, &group.storage, group.length);
    std::memcpy(&request.gsr_source, &source->storage, source->length);
    result = setsockopt(fd, level, MCAST_JOIN_SOURCE_GROUP, &request, sizeof request);
  } else {
    group_req request{};
    request.gr_interface = static_cast<uint32_t>(on.interface_index);
    std::memcpy(&request.gr_group, &group.storage, group.length);
    result = setsockopt(fd, level, MCAST_JOIN_GROUP, &request, sizeof request);
  }
  if (result == 0) return {};
  const int why = errno;
  std::string message = "can't join " + group.text() + " on " + on.interface_name;
  if (why == ENOBUFS)
    message += ": too many memberships (sysctl net.ipv4.igmp_max_memberships, igmp_max_msf)";
  if (why == ENODEV)
    message += ": the interface can't do multicast (ip link set " + on.interface_name + " multicast on)";
  return Error::os(why, "setsockopt", message);
}

}  // namespace ethercast
