#include "engine/ip_options.h"

#include <arpa/inet.h>
#include <sys/random.h>

#include <charconv>

#include "engine/frame_options.h"
#include "engine/link_setup.h"

namespace ethercast {

namespace {

Result<Mac> read_mac_text(const std::string& text) {
  unsigned octets[6];
  char more = 0;
  if (std::sscanf(text.c_str(), "%2x:%2x:%2x:%2x:%2x:%2x%c", &octets[0], &octets[1], &octets[2], &octets[3],
                  &octets[4], &octets[5], &more) == 6) {
    Mac mac = 0;
    for (const unsigned octet : octets) mac = mac << 8 | octet;
    if (is_individual(mac)) return mac;
  }
  return Error::bad_field("mac", "mac " + text + " is not one station's address, as in fe:fd:00:00:00:01");
}

Result<Mac> random_mac() {
  uint8_t octets[6];
  if (getrandom(octets, sizeof octets, 0) != sizeof octets) {
    return Error::os(errno, "getrandom", "no MAC address can be made up: give one (mac=)");
  }
  octets[0] = static_cast<uint8_t>((octets[0] & 0xfc) | 0x02);
  return read_mac(octets);
}

Result<uint32_t> ipv4(const std::string& field, const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) {
    return Error::bad_field(field, field + " " + text + " is not an IPv4 address");
  }
  return ntohl(address.s_addr);
}

}  // namespace

Result<Ipv4Net> parse_ipv4_net(const std::string& field, const std::string& text) {
  const size_t slash = text.find('/');
  auto address = ipv4(field, text.substr(0, slash));
  if (!address) return address.error();
  Ipv4Net net{address.value(), 32};
  if (slash == std::string::npos) return net;
  const char* const end = text.data() + text.size();
  int length = -1;
  const auto [stopped, problem] = std::from_chars(text.data() + slash + 1, end, length);
  if (problem != std::errc() || stopped != end || length < 1 || length > 32) {
    return Error::bad_field(field, field + " " + text + " has a bad prefix length: allowed are /1 to /32");
  }
  net.length = static_cast<uint8_t>(length);
  return net;
}

Result<IpLineOptions> read_ip_line_options(const Config& config) {
  IpLineOptions options;
  IpEdgeOptions& edge = options.edge;
  if (config.has("hostIp")) {
    auto text = config.text("hostIp");
    if (!text) return text.error();
    auto host = parse_host_address("hostIp", text.value());
    if (!host) return host.error();
    if (host.value().address.is_v6()) {
      return Error::bad_field("hostIp", "hostIp " + text.value() + " is not an IPv4 address");
    }
    edge.address = {ntohl(host.value().address.v4.sin_addr.s_addr), host.value().prefix};
  }
  for (const char* key : {"gateway", "peer"}) {
    if (!config.has(key)) continue;
    auto text = config.text(key);
    if (!text) return text.error();
    auto net = parse_ipv4_net(key, text.value());
    if (!net) return net.error();
    if (key[0] == 'g') {
      edge.gateway = net.value().address;
    } else {
      edge.peer = net.value();
      edge.has_peer = true;
    }
  }
  if (edge.gateway != 0 && edge.address.address == 0) {
    return Error::bad_field("gateway", "gateway needs hostIp, whose prefix says what is not behind it");
  }
  if (config.has("mtu")) {
    auto mtu = read_mtu(config);
    if (!mtu) return mtu.error();
    options.mtu = mtu.value();
  }
  Result<Mac> mac =
      edge.address.address != 0 ? Result<Mac>(0xfefd'0000'0000ULL | edge.address.address) : random_mac();
  if (config.has("mac")) {
    auto text = config.text("mac");
    if (!text) return text.error();
    mac = read_mac_text(text.value());
  }
  if (!mac) return mac.error();
  edge.mac = mac.value();
  return options;
}

}  // namespace ethercast
