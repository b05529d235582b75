// UnixCable: a frame a datagram between two paths of this host, both ways (unix(7), SOCK_DGRAM). The peer may
// come and go: while nobody is at its path, frames are dropped as no_peer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/port.h"
#include "engine/datagram_reader.h"
#include "engine/datagram_sender.h"
#include "engine/fd.h"
#include "engine/unix_socket.h"

namespace ethercast {

// The socket with our name is not connected. Were it, then a peer that was started again, with another socket
// at the same path, could not send to us (EPERM) until we had noticed; so each datagram is sent to the path.
// But only a connected socket can be waited on until there is room in the peer's queue, which is a few
// datagrams long. That is what the second one is for: it has no name, and never sends.
class UnixCable final : SenderJudge, SendRecovery {
 public:
  struct Options {
    std::string local, remote;
    UnixAccess access;  // of the local path
    int buffer = 0;     // octets of each socket buffer; 0: not given
  };
  explicit UnixCable(Options options) : options_(std::move(options)) {}

  // As the functions of Port.
  Result<> open(PortHost& host);
  void on_ready(int fd, uint32_t events);
  void on_timer(uint64_t now_ns);
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept;
  void close() noexcept;

 private:
  std::optional<RxDrop> judge(const SockAddr& sender) noexcept override;
  bool recover(int) noexcept override { return false; }
  TxDrop reason(int os_errno) noexcept override;
  int room_fd(int fd) noexcept override;
  Result<> look();
  void set_there(bool there, int os_errno) noexcept;

  const Options options_;
  PortHost* host_ = nullptr;
  SockAddr remote_;  // for the sender: a sockaddr_un
  Fd socket_;
  UnixName name_;
  Fd waiter_;
  DatagramReader reader_;
  std::optional<DatagramSender> sender_;
  uint64_t denied_until_ns_ = 0;  // it is connected with another
  bool there_ = true;             // the peer, as far as is known
  bool was_lost_ = false;
  bool opened_ = false;
};

}  // namespace ethercast
