// UdpCable: a frame a datagram between two UDP addresses, both ways. What the ports have in common that know
// their one peer by address.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/port.h"
#include "engine/address.h"
#include "engine/address_watch.h"
#include "engine/datagram_reader.h"
#include "engine/datagram_sender.h"
#include "engine/fd.h"
#include "engine/udp_path.h"
#include "engine/udp_socket.h"

namespace ethercast {

// One socket for both ways, not connected: a remote that is not there yet answers with ICMP errors, which a
// connected socket would hand back as failures of the next send.
class UdpCable final : SenderJudge, SendRecovery {
 public:
  struct Ends {
    SockAddr local;  // what to bind
    SockAddr remote;
    std::string interface;  // empty: as the route to the remote goes
  };
  UdpCable(Ends ends, const UdpOptions& options) : ends_(std::move(ends)), options_(options) {}

  Caps caps() const noexcept {
    return {.max_frame = options_.max_frame, .takes = options_.offload ? kTakesSuperFrames : uint16_t{0}};
  }
  // As the functions of Port.
  Result<> open(PortHost& host);
  void on_ready(int fd, uint32_t events);
  void on_timer() { sender_->flush(); }
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept { return sender_->transmit(batch, picks); }
  void close() noexcept;

 private:
  std::optional<RxDrop> judge(const SockAddr& sender) noexcept override;
  bool recover(int) noexcept override { return false; }
  Result<> bind_to_interface();
  void follow_route();

  Ends ends_;
  const UdpOptions options_;
  PortHost* host_ = nullptr;
  int interface_index_ = 0;  // 0: as the route goes
  Fd socket_;
  AddressWatch watch_;
  DatagramReader reader_;
  std::optional<DatagramSender> sender_;
  std::optional<UdpPath> path_;
};

}  // namespace ethercast
