// DatagramSender: puts frames out as datagrams, many a system call, with a bounded queue behind a full
// socket.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>

#include "core/frame_queue.h"
#include "core/port.h"
#include "engine/address.h"

namespace ethercast {

// Asked when the system refuses a datagram for a reason that a new socket might mend.
class SendRecovery {
 public:
  // True: try again now, on DatagramSender's socket as it then is.
  virtual bool recover(int os_errno) noexcept = 0;

 protected:
  ~SendRecovery() = default;
};

class DatagramSender {
 public:
  // A full queue of the network device (ENOBUFS) makes no descriptor ready: it is tried again after this
  // long.
  static constexpr uint64_t kRetryAfter_ns = 1'000'000;

  DatagramSender(PortHost& host, SendRecovery& recovery) noexcept;

  // `fd` is borrowed. `destination`: where to, or null when the socket is connected; borrowed too. Frames
  // longer than `unfragmented` octets are counted as fragmented (0: never). `idle_interest`: what the port
  // itself watches this descriptor for, kept while the sender waits for room (0: nothing; the descriptor is
  // then only watched meanwhile).
  void use(int fd, const SockAddr* destination, uint32_t unfragmented, uint32_t idle_interest = 0) noexcept;

  // Sends or queues or drops each picked frame, in order behind what is queued already.
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept;
  // Sends from the queue; called when the socket is writable, and by the port's timer.
  void flush() noexcept;
  // Counts everything still queued as `closed` drops.
  void close() noexcept;

 private:
  // Tries messages_[0, count): returns how many were settled, sent or dropped; fewer than `count` if the
  // socket is full.
  uint16_t send(uint16_t count, TxResult& result) noexcept;
  void set_message(uint16_t at, std::span<const uint8_t> frame) noexcept;
  void wait_for_room(bool by_timer) noexcept;

  PortHost& host_;
  SendRecovery& recovery_;
  int fd_ = -1;
  uint32_t unfragmented_ = 0;
  uint32_t idle_interest_ = 0;
  bool watching_ = false;
  bool full_by_device_ = false;
  bool armed_ = false;
  FrameQueue queue_;
  std::array<mmsghdr, FrameBatch::kMaxFrames> messages_;
  std::array<iovec, FrameBatch::kMaxFrames> pieces_;
};

}  // namespace ethercast
