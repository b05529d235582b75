#include "engine/udp_path.h"

#include <algorithm>
#include <string>

namespace ethercast {

void UdpPath::follow(uint32_t mtu) {
  if (mtu == mtu_) return;
  mtu_ = mtu;
  host_.note("lan_mtu", std::to_string(mtu));
  sender_.set_unfragmented(mtu > udp_overhead(v6_) ? mtu - udp_overhead(v6_) : 1);
  uint32_t inner = inner_mtu(mtu, v6_);
  if (options_.mtu != 0) inner = std::min(inner, options_.mtu);
  const MssLimit mss = options_.mss_limit(inner);
  host_.note("mss",
             mss.on() ? "at most " + std::to_string(mss.v4) + " (IPv4), " + std::to_string(mss.v6) + " (IPv6)"
                      : "off: as configured");
  sender_.set_mss_limit(mss);
  reader_.set_mss_limit(mss);
  host_.tell_path_mtu(inner);
}

}  // namespace ethercast
