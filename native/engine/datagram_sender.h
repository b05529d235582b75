// DatagramSender: puts frames out as datagrams, many a system call, with a bounded queue behind a full
// socket.
//
// Runs of frames of one length, and what super-frames are cut into, leave as one message that the kernel cuts
// into datagrams (UDP_SEGMENT, udp(7); kernel 4.18). Where that is refused the same frames go one by one.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>

#include "core/frame_queue.h"
#include "core/mss.h"
#include "core/port.h"
#include "engine/address.h"

namespace ethercast {

// Asked when the system refuses a datagram for a reason that a new socket might mend.
class SendRecovery {
 public:
  // True: try again now, on DatagramSender's socket as it then is.
  virtual bool recover(int os_errno) noexcept = 0;
  // What the datagram is then counted as.
  virtual TxDrop reason(int os_errno) noexcept {
    return os_errno == EMSGSIZE ? TxDrop::oversize : TxDrop::refused;
  }
  // What becomes writable when a full socket has room again.
  virtual int room_fd(int fd) noexcept { return fd; }

 protected:
  ~SendRecovery() = default;
};

class DatagramSender {
 public:
  // A full queue of the network device (ENOBUFS) makes no descriptor ready: it is tried again after this
  // long.
  static constexpr uint64_t kRetryAfter_ns = 1'000'000;
  // UDP_MAX_SEGMENTS of kernels from 6.10 on, and of those before.
  static constexpr uint16_t kMaxSegments = 128;
  static constexpr uint16_t kFewSegments = 64;

  // `offload`: whether UDP_SEGMENT may be used, and super-frames taken.
  DatagramSender(PortHost& host, SendRecovery& recovery, bool offload) noexcept;

  // `fd` is borrowed. `destination`: where to, or null when the socket is connected; borrowed too.
  // `idle_interest`: what the port itself watches this descriptor for, kept while the sender waits for room
  // (0: nothing; the descriptor is then only watched meanwhile). Probes what the kernel can do.
  void use(int fd, const SockAddr* destination, uint32_t idle_interest = 0) noexcept;
  // The same for a connected socket that knows nothing of runs (AF_UNIX). Connected, since only then is it
  // told apart whether it is the peer's queue that is full.
  void use_connected(int fd, uint32_t idle_interest) noexcept;
  // Frames longer than `octets` are counted as fragmented, and never part of a run; 0: none is.
  void set_unfragmented(uint32_t octets) noexcept;
  void set_mss_limit(MssLimit limit) noexcept { mss_limit_ = limit; }

  // Sends or queues or drops each picked frame, in order behind what is queued already.
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept;
  // Sends from the queue; called when the socket is writable, and by the port's timer.
  void flush() noexcept;
  // Forgets the socket, and counts everything still queued as drops. use() may follow.
  void close(TxDrop why = TxDrop::closed) noexcept;

 private:
  static constexpr uint16_t kMessages = FrameBatch::kMaxFrames;
  static constexpr uint16_t kPieces = 1024;         // UIO_MAXIOV: more no single message may have
  static constexpr uint32_t kSideOctets = 1 << 16;  // headers made here, and SYNs changed here
  static constexpr uint32_t kMaxRun = 65507;        // octets of one message: what an IPv4 packet holds

  // Which wire frame: a pick, and where that is a super-frame, one of its segments.
  struct Cursor {
    uint16_t pick = 0;
    uint32_t segment = 0;
  };
  struct Message {
    Cursor start;  // its first frame
    uint32_t octets = 0;
    uint16_t frames = 0;
    uint16_t length = 0;  // of each frame but the last
    uint16_t pieces = 0;
    uint16_t clamped = 0;  // SYNs changed in it
    bool open = false;     // another frame may follow
  };
  enum class Sent : uint8_t { all, full, changed };  // `changed`: lay out anew from message `settled_`

  void attach(int fd, const SockAddr* destination, uint32_t idle_interest) noexcept;
  Cursor lay_out(const FrameBatch& batch, Picks picks, Cursor from) noexcept;
  void start_layout() noexcept;
  bool add(Cursor at, std::span<const uint8_t> head, std::span<const uint8_t> body) noexcept;
  bool add_super_frame(const FrameBatch& batch, uint16_t frame, Cursor& at) noexcept;
  bool add_frame(const FrameBatch& batch, uint16_t frame, Cursor at) noexcept;
  void finish_layout() noexcept;
  Sent send(TxResult& result) noexcept;
  void settle(uint16_t messages, TxResult& result) noexcept;
  bool without_offload(const Message& message, int os_errno) noexcept;
  void stop_offload(const std::string& why) noexcept;
  void queue_from(const FrameBatch& batch, Picks picks, Cursor from, TxResult& result) noexcept;
  void queue_frame(std::span<const uint8_t> frame, TxResult& result) noexcept;
  void note_offload(const std::string& text) noexcept;
  void wait_for_room(bool by_timer) noexcept;
  void stop_watching() noexcept;

  PortHost& host_;
  SendRecovery& recovery_;
  const bool offload_;
  int fd_ = -1;
  uint32_t unfragmented_ = 0;
  uint32_t longest_in_run_ = kMaxRun;  // octets of a frame that may be part of a run
  uint16_t most_in_run_ = 1;           // frames; 1: no offload
  MssLimit mss_limit_;
  uint32_t idle_interest_ = 0;
  bool watching_ = false;
  int room_fd_ = -1;  // what is watched then
  bool full_by_device_ = false;
  bool armed_ = false;
  bool recovered_ = false;  // in this call already
  FrameQueue queue_;
  std::string noted_;

  // The layout of what is sent next.
  uint16_t count_ = 0;    // messages
  uint16_t settled_ = 0;  // of them, sent or dropped
  uint16_t pieces_used_ = 0;
  uint32_t side_used_ = 0;
  std::array<Message, kMessages> plan_;
  std::array<mmsghdr, kMessages> messages_;
  std::array<iovec, kPieces> pieces_;
  struct alignas(cmsghdr) Control {
    uint8_t octets[CMSG_SPACE(sizeof(uint16_t))];
  };
  std::array<Control, kMessages> controls_;
  std::unique_ptr<uint8_t[]> side_;
};

}  // namespace ethercast
