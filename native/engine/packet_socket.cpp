#include "engine/packet_socket.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/ether.h"
#include "engine/socket_buffers.h"

namespace ethercast {

namespace {
int option_of(int fd, int option) noexcept {
  int value = 0;
  socklen_t length = sizeof value;
  if (getsockopt(fd, SOL_SOCKET, option, &value, &length) != 0) return -1;
  return value;
}
}  // namespace

PacketScratch::PacketScratch() : spill_(new uint8_t[size_t{kMessages} * kSpill]) {
  for (size_t i = 0; i < kMessages; ++i) {
    in_pieces[i][1] = {spill_.get() + i * kSpill, kSpill};
    in[i].msg_hdr.msg_iov = in_pieces[i].data();
    in[i].msg_hdr.msg_iovlen = 2;
    out[i].msg_hdr.msg_iov = &out_pieces[i];
    out[i].msg_hdr.msg_iovlen = 1;
  }
}

void size_packet_buffers(PortHost& host, int fd, int asked) {
  const int wanted = asked != 0 ? asked : kDefaultPacketBuffer;
  host.note("receive_buffer", std::to_string(set_buffer(fd, SO_RCVBUF, wanted)));
  host.note("send_buffer", std::to_string(set_buffer(fd, SO_SNDBUF, std::max(wanted, kLeastSendBuffer))));
}

Result<> PacketSocket::open(PortHost& host, Fd socket, int buffer) {
  close(TxDrop::closed);
  host_ = &host;
  socket_ = std::move(socket);
  peer_gone_ = awaits_room_ = false;
  has_end_ = option_of(fd(), SO_TYPE) == SOCK_SEQPACKET;
  is_local_ = option_of(fd(), SO_DOMAIN) == AF_UNIX;
  size_packet_buffers(host, fd(), buffer);
  auto watched = host.watch(fd(), EPOLLIN);
  if (!watched) close(TxDrop::closed);  // it would never be heard of again
  return watched;
}

void PacketSocket::close(TxDrop why) noexcept {
  if (!socket_) return;
  host_->unwatch(fd());
  host_->counters().drop(why, queue_.size());
  host_->counters().queued.set(0);
  queue_ = FrameQueue();
  socket_.reset();
}

PacketSocket::Peer PacketSocket::on_ready(uint32_t events) {
  if ((events & EPOLLOUT) != 0) flush();
  return (events & ~static_cast<uint32_t>(EPOLLOUT)) != 0 ? receive() : Peer::there;
}

// ---- from the peer

uint32_t PacketSocket::slots() const noexcept {
  return std::min<uint32_t>(PacketScratch::kMessages, FrameBatch::kSlabSize / stride_);
}

void PacketSocket::lay_out(FrameBatch& batch) noexcept {
  for (uint32_t i = 0; i < slots(); ++i) {
    scratch_->in_pieces[i][0] = {batch.slab() + i * stride_ + FrameBatch::kHeadroom, room()};
  }
}

PacketSocket::Peer PacketSocket::receive() {
  const BatchPtr batch = host_->lease();
  if (!batch) return Peer::there;
  lay_out(*batch);
  // With MSG_TRUNC the length is that of the packet, also of one that had no room.
  const int got = recvmmsg(fd(), scratch_->in.data(), slots(), MSG_DONTWAIT | MSG_TRUNC, nullptr);
  if (got <= 0) {
    // A datagram socket that was shut down, by whoever has a copy of it, is ready for ever.
    if (errno == EAGAIN && !has_end_) return has_ended() ? Peer::gone : Peer::there;
    // A pending error is cleared by reading it: what the peer had sent before it left is still to come.
    return errno == EAGAIN || errno == EINTR || errno == ECONNRESET || !has_end_ ? Peer::there : Peer::gone;
  }
  auto count = static_cast<uint32_t>(got);
  // The end reads as an empty packet, and as one more each time. A peer may also send empty packets.
  const auto length_of = [&](uint32_t message) { return scratch_->in[message].msg_len; };
  bool ended = false;
  if (has_end_ && length_of(count - 1) == 0 && has_ended()) {
    ended = true;
    while (count != 0 && length_of(count - 1) == 0) --count;
  }
  PortCounters& counters = host_->counters();
  uint32_t longest = 0;
  for (uint32_t message = 0; message < count; ++message) {
    const uint32_t length = length_of(message);
    counters.rx_frames.add(1);
    counters.rx_octets.add(length);
    if (length > kMaxFrame) {
      counters.drop(RxDrop::oversize);
      continue;
    }
    longest = std::max(longest, length);
    if (length <= room()) {
      push(*batch, message, length);
    } else {
      host_->deliver(*batch);  // what came before it
      push_spilled(*batch, message, length);
    }
  }
  host_->deliver(*batch);
  follow_sizes(longest);
  return ended ? Peer::gone : Peer::there;
}

// Nothing but the end is left to read.
bool PacketSocket::has_ended() const noexcept {
  pollfd look{fd(), POLLRDHUP, 0};
  if (poll(&look, 1, 0) <= 0 || (look.revents & (POLLRDHUP | POLLHUP)) == 0) return false;
  int waiting = 0;
  return ioctl(fd(), FIONREAD, &waiting) != 0 || waiting == 0;
}

void PacketSocket::push(FrameBatch& batch, uint32_t message, uint32_t length) {
  batch.push(message * stride_ + FrameBatch::kHeadroom, length).time_ns = host_->wall_ns();
}

// In another batch, whose slab has room for it in one piece.
void PacketSocket::push_spilled(const FrameBatch& batch, uint32_t message, uint32_t length) {
  const BatchPtr out = host_->lease();
  if (!out) return host_->counters().drop(RxDrop::no_batch);
  uint8_t* const into = out->slab() + FrameBatch::kHeadroom;
  std::memcpy(into, batch.slab() + message * stride_ + FrameBatch::kHeadroom, room());
  std::memcpy(into + room(), scratch_->spill(message), length - room());
  out->push(FrameBatch::kHeadroom, length).time_ns = host_->wall_ns();
  host_->deliver(*out);
}

// Slots as wide as the longest packet of late: an ordinary LAN gets 128 packets a call.
void PacketSocket::follow_sizes(uint32_t longest) noexcept {
  const auto stride_for = [](uint32_t length) {
    return (length + FrameBatch::kHeadroom + kSmallestStride - 1) / kSmallestStride * kSmallestStride;
  };
  longest_of_late_ = std::max(longest_of_late_, longest);
  if (stride_for(longest_of_late_) > stride_) {
    stride_ = stride_for(longest_of_late_);
  } else if (++reads_ >= kReadsBeforeNarrowing) {
    stride_ = std::max(stride_for(longest_of_late_), kSmallestStride);
    longest_of_late_ = 0;
    reads_ = 0;
  }
}

// ---- to the peer

// Returns how many of the frames are settled, that is sent or dropped. Fewer than all: there is no room for
// more.
template <typename OctetsOf>
size_t PacketSocket::send(size_t count, OctetsOf&& octets_of, TxResult& result) noexcept {
  PortCounters& counters = host_->counters();
  size_t settled = 0;
  while (settled < count) {
    if (peer_gone_) {
      counters.drop(TxDrop::no_peer, count - settled);
      result.dropped += static_cast<uint32_t>(count - settled);
      return count;
    }
    const auto messages = std::min<size_t>(count - settled, PacketScratch::kMessages);
    for (size_t i = 0; i < messages; ++i) {
      const std::span<const uint8_t> octets = octets_of(settled + i);
      // iov_base is not const; sending only reads it.
      scratch_->out_pieces[i] = {const_cast<uint8_t*>(octets.data()), octets.size()};
    }
    const int sent =
        sendmmsg(fd(), scratch_->out.data(), static_cast<unsigned>(messages), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      uint64_t octets = 0;
      for (int i = 0; i < sent; ++i) octets += scratch_->out_pieces[static_cast<size_t>(i)].iov_len;
      counters.tx_frames.add(static_cast<uint64_t>(sent));
      counters.tx_octets.add(octets);
      result.sent += static_cast<uint32_t>(sent);
      settled += static_cast<size_t>(sent);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) break;
    if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN || (errno == ECONNREFUSED && is_local_)) {
      peer_gone_ = true;
      continue;
    }
    settle_refused(errno, result);
    ++settled;
  }
  return settled;
}

void PacketSocket::settle_refused(int os_errno, TxResult& result) noexcept {
  PortCounters& counters = host_->counters();
  ++result.dropped;
  counters.last_errno.set(static_cast<uint64_t>(os_errno));
  counters.drop(os_errno == EMSGSIZE ? TxDrop::oversize : TxDrop::refused);
}

TxResult PacketSocket::transmit(const FrameBatch& batch, Picks picks) noexcept {
  TxResult result;
  size_t next = 0;
  if (queue_.empty()) {
    next = send(
        picks.size(), [&](size_t i) { return batch.octets(picks[i]); }, result);
  }
  if (next == picks.size()) return result;
  for (; next < picks.size(); ++next) queue(batch.octets(picks[next]), result);
  watch_for_room(true);
  return result;
}

void PacketSocket::queue(std::span<const uint8_t> frame, TxResult& result) noexcept {
  if (queue_.push(frame)) {
    ++result.queued;
    host_->counters().queued.add(1);
  } else {
    ++result.dropped;
    host_->counters().drop(TxDrop::queue_full);
  }
}

void PacketSocket::flush() noexcept {
  while (!queue_.empty()) {
    const auto frames = queue_.front();
    TxResult result;
    const size_t settled = send(
        frames.size(), [&](size_t i) { return frames[i]; }, result);
    queue_.pop(static_cast<uint16_t>(settled));
    host_->counters().queued.subtract(settled);
    if (settled < frames.size()) return;
  }
  watch_for_room(false);
}

void PacketSocket::watch_for_room(bool wanted) noexcept {
  if (awaits_room_ == wanted) return;
  // A change of what is watched already.
  awaits_room_ = wanted && host_->watch(fd(), EPOLLIN | EPOLLOUT).ok();
  if (!wanted) (void)host_->watch(fd(), EPOLLIN);
}

}  // namespace ethercast
