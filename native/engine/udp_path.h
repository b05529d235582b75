// UdpPath: what follows from the MTU of the network below a UDP port: which frames fragment, what TCP is
// told, and what the switch's taps may have.
#pragma once

#include <cstdint>

#include "core/port.h"
#include "engine/datagram_reader.h"
#include "engine/datagram_sender.h"
#include "engine/udp_socket.h"

namespace ethercast {

class UdpPath {
 public:
  // Borrows all of them; `v6`: the datagrams are IPv6.
  UdpPath(PortHost& host, DatagramSender& sender, DatagramReader& reader, const UdpOptions& options,
          bool v6) noexcept
      : host_(host), sender_(sender), reader_(reader), options_(options), v6_(v6) {}

  // The network carries IP packets of `mtu` octets: told to all whom it concerns, if it is news.
  void follow(uint32_t mtu);

 private:
  PortHost& host_;
  DatagramSender& sender_;
  DatagramReader& reader_;
  const UdpOptions& options_;
  const bool v6_;
  uint32_t mtu_ = 0;
};

}  // namespace ethercast
