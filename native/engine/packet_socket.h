// PacketSocket: a connected socket that keeps packets apart (SOCK_SEQPACKET or SOCK_DGRAM), a raw frame each,
// many a system call both ways, with a bounded queue behind a peer that does not read. unix(7), recvmmsg(2).
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <memory>

#include "core/config.h"
#include "core/frame_queue.h"
#include "core/port.h"
#include "engine/fd.h"

namespace ethercast {

// What one call needs while it runs. The sockets of one I/O thread may share it: they are read one at a time,
// and written to one at a time, also while another one is read.
class PacketScratch {
 public:
  static constexpr uint16_t kMessages = FrameBatch::kMaxFrames;
  static constexpr uint32_t kSpill = 65536;  // octets: the rest of a packet that is longer than its slot

  PacketScratch();
  PacketScratch(const PacketScratch&) = delete;
  PacketScratch& operator=(const PacketScratch&) = delete;

  const uint8_t* spill(uint32_t message) const noexcept { return spill_.get() + size_t{message} * kSpill; }

  std::array<mmsghdr, kMessages> in{};
  std::array<std::array<iovec, 2>, kMessages> in_pieces{};
  std::array<mmsghdr, kMessages> out{};
  std::array<iovec, kMessages> out_pieces{};

 private:
  // Address space for the worst case; the kernel backs only what is touched.
  std::unique_ptr<uint8_t[]> spill_;
};

// Octets of each socket buffer when a spec has none. A Unix socket's packets are all on the sender's account,
// so this is what a peer that is slow may leave unread: at 1514 octets some 450 frames with the kernel's
// bookkeeping.
constexpr int kDefaultPacketBuffer = 1 << 20;

// `buffer` (octets; 0: not given) of a configuration, on both buffers; the one for sending has room for any
// frame. What the kernel gives is noted.
void size_packet_buffers(PortHost& host, int fd, int asked);

class PacketSocket {
 public:
  enum class Peer : uint8_t { there, gone };

  explicit PacketSocket(std::shared_ptr<PacketScratch> scratch) : scratch_(std::move(scratch)) {}
  ~PacketSocket() { close(TxDrop::closed); }
  PacketSocket(const PacketSocket&) = delete;
  PacketSocket& operator=(const PacketSocket&) = delete;

  // Takes a connected socket, and watches it. Both ways never block, whatever the descriptor's own flags say.
  Result<> open(PortHost& host, Fd socket, int buffer);
  bool is_open() const noexcept { return static_cast<bool>(socket_); }
  int fd() const noexcept { return socket_.get(); }

  // The descriptor is ready: reads at most one batch, and delivers it. `gone`: the peer has closed its end,
  // and all it sent before has been delivered.
  Peer on_ready(uint32_t events);
  // Sends or queues or drops each picked frame, in order behind what is queued already.
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept;
  // A datagram socket has no end to read: sending has shown that nobody is there any more.
  bool peer_is_gone() const noexcept { return peer_gone_ && !has_end_; }
  // What is still queued is counted as dropped for this reason. Idempotent.
  void close(TxDrop why) noexcept;

 private:
  // Octets a slot, headroom included: a full Ethernet frame fits.
  static constexpr uint32_t kSmallestStride = 2048;
  // Reads without a long packet before slots shrink again.
  static constexpr uint32_t kReadsBeforeNarrowing = 256;

  Peer receive();
  uint32_t slots() const noexcept;
  uint32_t room() const noexcept { return stride_ - FrameBatch::kHeadroom; }
  void lay_out(FrameBatch& batch) noexcept;
  bool has_ended() const noexcept;
  void push(FrameBatch& batch, uint32_t message, uint32_t length);
  void push_spilled(const FrameBatch& batch, uint32_t message, uint32_t length);
  void follow_sizes(uint32_t longest) noexcept;

  template <typename OctetsOf>
  size_t send(size_t count, OctetsOf&& octets_of, TxResult& result) noexcept;
  void settle_refused(int os_errno, TxResult& result) noexcept;
  void queue(std::span<const uint8_t> frame, TxResult& result) noexcept;
  void flush() noexcept;
  void watch_for_room(bool wanted) noexcept;

  std::shared_ptr<PacketScratch> scratch_;
  PortHost* host_ = nullptr;
  Fd socket_;
  bool has_end_ = false;   // SOCK_SEQPACKET: the peer's end is seen
  bool is_local_ = false;  // AF_UNIX: a peer that refuses is gone for good
  bool peer_gone_ = false;
  bool awaits_room_ = false;
  FrameQueue queue_;
  uint32_t stride_ = kSmallestStride;
  uint32_t longest_of_late_ = 0;
  uint32_t reads_ = 0;
};

}  // namespace ethercast
