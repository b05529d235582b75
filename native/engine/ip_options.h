// What the ports with an IPv4-only far end have in common in their configuration.
#pragma once

#include "core/config.h"
#include "engine/ip_line.h"

namespace ethercast {

// From `mac`, `hostIp`, `gateway`, `peer` and `mtu`, each optional. Without `mac`: fe:fd and hostIp's octets,
// else a random one, locally administered.
Result<IpLineOptions> read_ip_line_options(const Config& config);

// "198.18.1.0/30"; without a length one address.
Result<Ipv4Net> parse_ipv4_net(const std::string& field, const std::string& text);

}  // namespace ethercast
