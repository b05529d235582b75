// PacketSocket: the host's side of a device, by packet(7): what is sent here goes into the device, what the
// device brings is received here. With a virtio-net header before each frame, so that super-frames pass.
#pragma once

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <optional>

#include "engine/fd.h"
#include "test/support/frames.h"
#include "test/support/sockets.h"

namespace ethercast::test {

// As VIRTIO 1.2, 5.1.6 lays it out.
struct RawVnetHeader {
  uint8_t flags = 0, gso_type = 0;
  uint16_t hdr_len = 0, gso_size = 0, csum_start = 0, csum_offset = 0;
};

class PacketSocket {
 public:
  struct Packet {
    RawVnetHeader header;
    Octets frame;
  };

  explicit PacketSocket(int interface_index) : fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    (void)::setsockopt(fd_.get(), SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on);
    (void)::setsockopt(fd_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = interface_index;
    bound_ = ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  bool ok() const noexcept { return bound_; }

  bool send(const Octets& frame, RawVnetHeader header = {}) const {
    const std::array<iovec, 2> pieces{iovec{&header, sizeof header},
                                      iovec{const_cast<uint8_t*>(frame.data()), frame.size()}};
    return ::writev(fd_.get(), pieces.data(), 2) == static_cast<ssize_t>(sizeof header + frame.size());
  }
  std::optional<Packet> receive(int timeout_ms = kPatience_ms) const {
    pollfd wanted{fd_.get(), POLLIN, 0};
    if (::poll(&wanted, 1, timeout_ms) <= 0) return std::nullopt;
    Packet packet;
    packet.frame.resize(1 << 17);
    const std::array<iovec, 2> pieces{iovec{&packet.header, sizeof packet.header},
                                      iovec{packet.frame.data(), packet.frame.size()}};
    const ssize_t got = ::readv(fd_.get(), pieces.data(), 2);
    if (got < static_cast<ssize_t>(sizeof packet.header)) return std::nullopt;
    packet.frame.resize(static_cast<size_t>(got) - sizeof packet.header);
    return packet;
  }

 private:
  Fd fd_;
  bool bound_ = false;
};

}  // namespace ethercast::test
