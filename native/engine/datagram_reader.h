// DatagramReader: takes datagrams from a socket, many a system call, one frame each.
//
// Where the kernel can (UDP_GRO, udp(7); kernel 5.0), a run of datagrams of one length from one sender comes
// as one message, and becomes frames that lie back to back in the batch.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/mss.h"
#include "core/port.h"
#include "engine/address.h"

namespace ethercast {

// Who sent a datagram decides whether it is taken.
class SenderJudge {
 public:
  // Nothing: take it. Else the reason to drop it for.
  virtual std::optional<RxDrop> judge(const SockAddr& sender) noexcept = 0;
  // How many octets a datagram had that is dropped, if a filter has let only `kept` of them through.
  virtual uint32_t original_octets(const SockAddr& sender, uint32_t kept) noexcept {
    (void)sender;
    return kept;
  }

 protected:
  ~SenderJudge() = default;
};

// Frames land in the batch's slab where they stay: no copy. Slots are as wide as the longest message of late
// needs; a longer one spills over into scratch memory, is copied once, and widens the slots. So an ordinary
// LAN gets 128 datagrams a call, one of long runs fewer, and nothing is ever cut off.
class DatagramReader {
 public:
  DatagramReader();

  // The next receive() is from this socket, whose drop count starts at zero. Asks the kernel for runs if
  // `offload`.
  void use(int fd, PortHost& host, bool offload) noexcept;
  // For sockets of AF_UNIX, where the kernel drops nothing. Not used with use(); one reader may serve
  // several.
  void count_no_kernel_drops() noexcept { counts_kernel_drops_ = false; }
  void set_mss_limit(MssLimit limit) noexcept { mss_limit_ = limit; }
  // Reads once and delivers what `judge` admits. Counts rx_frames, rx_octets, drops and kernel_drops on the
  // host.
  void receive(int fd, PortHost& host, SenderJudge& judge);

 private:
  // Octets a slot, headroom included: a full Ethernet frame fits.
  static constexpr uint32_t kSmallestStride = 2048;
  static constexpr uint32_t kLargestMessage = 65536;
  // Reads without a long message before slots shrink again.
  static constexpr uint32_t kReadsBeforeNarrowing = 256;
  static constexpr uint16_t kMessages = FrameBatch::kMaxFrames;

  // A message's octets, and of how many each of its datagrams has; the last may have fewer.
  struct Run {
    uint32_t octets;
    uint32_t length;
    uint32_t frames() const noexcept { return octets == 0 ? 1 : (octets + length - 1) / length; }
  };

  uint32_t slots() const noexcept;
  void lay_out(FrameBatch& batch) noexcept;
  Run run_of(uint32_t message, uint32_t octets) const noexcept;
  void push(FrameBatch& batch, uint32_t offset, Run run, PortHost& host);
  void push_spilled(FrameBatch& batch, uint32_t message, Run run, PortHost& host);
  void follow_sizes(uint32_t longest) noexcept;
  void count_kernel_drops(int fd, PortHost& host) noexcept;

  MssLimit mss_limit_;
  uint32_t stride_ = kSmallestStride;
  uint32_t longest_of_late_ = 0;
  uint32_t reads_ = 0;
  bool wants_runs_ = false;  // the kernel was asked for them, and says in a control message how long they are
  bool counts_kernel_drops_ = true;
  uint32_t kernel_drops_ = 0;
  std::array<mmsghdr, kMessages> messages_;
  std::array<std::array<iovec, 2>, kMessages> pieces_;
  std::array<SockAddr, kMessages> senders_;
  struct alignas(cmsghdr) Control {
    uint8_t octets[CMSG_SPACE(sizeof(int))];
  };
  std::array<Control, kMessages> controls_;
  // Address space for the worst case; the kernel backs only what is touched.
  std::unique_ptr<uint8_t[]> spill_;
};

}  // namespace ethercast
