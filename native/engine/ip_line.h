// IpLine: the traffic of a port whose far end takes bare IPv4 packets: the line's descriptors on one side,
// core/ip_edge.h with the LAN on the other. Two kinds of line: a stream of octets with SLIP around packets
// (core/slip.h), and a descriptor that takes a packet a write (TUN).
//
// What the edge says on its own account (ARP) counts as received, and ARP that it took in as sent, so that
// the accounts balance.
#pragma once

#include <deque>
#include <vector>

#include "core/ip_edge.h"
#include "core/port.h"
#include "core/slip.h"

namespace ethercast {

struct IpLineOptions {
  IpEdgeOptions edge;
  uint32_t mtu = 1500;  // octets of the largest IP packet
  bool slip = true;     // else a packet a read and a write
};

class IpLine final : IpEdgeSink {
 public:
  // Octets of packets that wait for a full line. Some 170 of 1500 octets, or a third of a second at 10
  // Mbit/s.
  static constexpr size_t kMostPending = 256 * 1024;

  IpLine(PortHost& host, const IpLineOptions& options);

  // Begins on a line, and watches it. Both are non-blocking and stay the caller's; they may be the same.
  Result<> use(int in, int out);
  // The line is gone: what waits is dropped, and what was learned of its far end forgotten.
  void leave(TxDrop why) noexcept;
  bool has_line() const noexcept { return in_ >= 0; }

  // Of on_ready() for the line's descriptors. 0, or an errno when the line is broken; ENODATA: its end.
  int on_ready(int fd, uint32_t events) noexcept;
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept;

  // When on_timer() wants to be called; 0: not.
  uint64_t deadline_ns() const noexcept;
  // 0, or an errno when sending has found the line broken.
  int on_timer(uint64_t now_ns) noexcept;

 private:
  struct Mark {
    uint64_t end;  // octets put on the line up to here
    uint32_t frame;
  };

  int receive() noexcept;
  int take_packet(ssize_t got) noexcept;
  void send(std::span<const uint8_t> packet, uint32_t frame, TxResult& result) noexcept;
  void flush() noexcept;
  void want_room(bool wanted) noexcept;
  bool begin_frames() noexcept;
  void end_frames() noexcept;

  void frame(std::span<const uint8_t> header, std::span<const uint8_t> packet) noexcept override;
  void dropped(RxDrop why, uint32_t packets) noexcept override;
  void not_learned() noexcept override;
  void disputed(uint32_t address, Mac owner) noexcept override;

  PortHost& host_;
  const IpLineOptions options_;
  IpEdge edge_;
  SlipDecoder decoder_;
  int in_ = -1, out_ = -1;
  bool is_socket_ = false;
  int broken_ = 0;
  bool told_escapes_ = false;
  uint64_t overlong_ = 0;      // of the decoder's, already counted
  std::vector<uint8_t> read_;  // what one read brings
  std::vector<uint8_t> line_;  // encoded, from head_ on not written yet
  size_t head_ = 0;
  uint64_t put_ = 0, written_ = 0;  // octets since the line began
  std::deque<Mark> marks_;          // of frames not written whole
  bool wants_room_ = false;
  BatchPtr batch_;  // within one call that delivers
};

}  // namespace ethercast
