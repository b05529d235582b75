// DatagramReader: takes datagrams from a socket, many a system call, one frame each.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/port.h"
#include "engine/address.h"

namespace ethercast {

// Who sent a datagram decides whether it is taken.
class SenderJudge {
 public:
  // Nothing: take it. Else the reason to drop it for.
  virtual std::optional<RxDrop> judge(const SockAddr& sender) noexcept = 0;

 protected:
  ~SenderJudge() = default;
};

// Frames land in the batch's slab where they stay: no copy. Slots are as wide as the longest datagram of late
// needs; a longer one spills over into scratch memory, is copied once, and widens the slots. So an ordinary
// LAN gets 128 frames a call, a jumbo one fewer, and no datagram is ever cut.
class DatagramReader {
 public:
  DatagramReader();

  // Reads once and delivers what `judge` admits. Counts rx_frames, rx_octets, drops and kernel_drops on the
  // host.
  void receive(int fd, PortHost& host, SenderJudge& judge);
  // The next receive() is from another socket: its drop count starts at zero.
  void follow_new_socket() noexcept { kernel_drops_ = 0; }

 private:
  // Octets a slot, headroom included: a full Ethernet frame fits.
  static constexpr uint32_t kSmallestStride = 2048;
  static constexpr uint32_t kLargestDatagram = 65536;
  // Reads without a long datagram before slots shrink again.
  static constexpr uint32_t kReadsBeforeNarrowing = 256;

  void lay_out(FrameBatch& batch) noexcept;
  void deliver_in_place(BatchPtr batch, int count, PortHost& host, SenderJudge& judge);
  void deliver_by_copy(const FrameBatch& batch, int count, PortHost& host, SenderJudge& judge);
  void follow_sizes(uint32_t longest) noexcept;
  void count_kernel_drops(int fd, PortHost& host) noexcept;

  uint32_t stride_ = kSmallestStride;
  uint32_t longest_of_late_ = 0;
  uint32_t reads_ = 0;
  uint32_t kernel_drops_ = 0;
  std::array<mmsghdr, FrameBatch::kMaxFrames> messages_;
  std::array<std::array<iovec, 2>, FrameBatch::kMaxFrames> pieces_;
  std::array<SockAddr, FrameBatch::kMaxFrames> senders_;
  // Address space for the worst case; the kernel backs only what is touched.
  std::unique_ptr<uint8_t[]> spill_;
};

}  // namespace ethercast
