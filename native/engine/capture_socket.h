// CaptureSocket: a packet(7) socket that listens to one interface, in both directions, behind a filter. Takes
// packets many a system call, each with what the kernel says of it beside its octets.
#pragma once

#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "core/batch.h"
#include "core/port.h"
#include "core/result.h"
#include "engine/capture_filter.h"
#include "engine/fd.h"

namespace ethercast {

struct CaptureWish {
  int interface_index = 0;
  std::string interface_name;  // for messages
  bool loopback = false;       // each packet is seen once, as it comes back; else twice
  bool promisc = true;
  int buffer = 0;          // octets of the receive buffer; 0: not given
  FilterProgram filter{};  // empty: everything
};

// What one receive() has brought. Octets lie in the batch's slab, or in the socket's own memory when they
// were longer than expected.
struct CapturedPacket {
  uint32_t offset = 0;     // octets from the slab's start, with at least FrameBatch::kHeadroom free before
  uint32_t length = 0;     // octets from there
  uint32_t in_spill = 0;   // of these: not in the slab yet, but in the spill
  bool truncated = false;  // it was longer than anything there is room for
  std::span<const uint8_t> offload;    // its virtio-net header
  std::span<const uint8_t> auxiliary;  // its struct tpacket_auxdata; empty when there is none
};

class CaptureSocket {
 public:
  CaptureSocket();

  // Makes the socket, which hears nothing yet; the error says what it takes. To close it takes the kernel
  // some 10 ms, as with every packet socket.
  Result<> open();
  // Nothing gets in before the filter is in place: the socket is bound last. On an error it is closed.
  Result<> listen(PortHost& host, const CaptureWish& wish);
  int fd() const noexcept { return fd_.get(); }
  bool is_open() const noexcept { return static_cast<bool>(fd_); }
  void close() noexcept { fd_.reset(); }

  // Reads once; `lost` is what the receive buffer had no room for since the last call. The packets are valid
  // until the next call, or the batch is emptied. Returns 0 or an errno: ENETDOWN when the interface went
  // down, EINVAL for a packet that was taken out, and lost, because its offload can't be told.
  int receive(FrameBatch& batch, std::span<const CapturedPacket>& packets, uint64_t& lost) noexcept;
  // Puts a packet that spilled over into the slab of `batch`, an empty one, in one piece; its new offset.
  uint32_t unspill(const CapturedPacket& packet, const FrameBatch& from, FrameBatch& batch) const noexcept;

 private:
  static constexpr uint16_t kMessages = FrameBatch::kMaxFrames;
  // Octets a slot, headroom included: a full Ethernet frame fits.
  static constexpr uint32_t kSmallestStride = 2048;
  static constexpr uint32_t kLargestPacket = 65536;  // of the spill: beyond what lies in the slot
  static constexpr uint32_t kLargestStride = kLargestPacket + FrameBatch::kHeadroom;
  // Reads without a long packet before slots shrink again.
  static constexpr uint32_t kReadsBeforeNarrowing = 256;
  static constexpr uint32_t kOffloadHeader = 10;  // struct virtio_net_hdr

  Result<> set_up(PortHost& host, const CaptureWish& wish) const;
  uint32_t slots() const noexcept;
  void lay_out(FrameBatch& batch) noexcept;
  void follow_sizes(uint32_t longest) noexcept;

  Fd fd_;
  uint32_t stride_ = kSmallestStride;
  uint32_t longest_of_late_ = 0;
  uint32_t reads_ = 0;
  struct alignas(cmsghdr) Control {
    uint8_t octets[CMSG_SPACE(sizeof(tpacket_auxdata))];
  };
  std::array<mmsghdr, kMessages> messages_;
  std::array<std::array<iovec, 3>, kMessages> pieces_;
  std::array<std::array<uint8_t, kOffloadHeader>, kMessages> offloads_;
  std::array<Control, kMessages> controls_;
  std::array<CapturedPacket, kMessages> packets_;
  // Address space for the worst case; the kernel backs only what is touched.
  std::unique_ptr<uint8_t[]> spill_;
};

// Whether packets of this link type (IFF's ARPHRD_…, linux/if_arp.h) start with an Ethernet header.
bool is_ethernet(uint16_t link_type) noexcept;
// The link type of an interface; an error when it is gone.
Result<uint16_t> link_type_of(const std::string& interface);
}  // namespace ethercast
