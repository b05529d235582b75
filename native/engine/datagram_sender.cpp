#include "engine/datagram_sender.h"

#include <sys/epoll.h>

#include <cerrno>

namespace ethercast {

DatagramSender::DatagramSender(PortHost& host, SendRecovery& recovery) noexcept
    : host_(host), recovery_(recovery), messages_{} {
  for (size_t i = 0; i < messages_.size(); ++i) {
    messages_[i].msg_hdr.msg_iov = &pieces_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
}

void DatagramSender::use(int fd, const SockAddr* destination, uint32_t unfragmented,
                         uint32_t idle_interest) noexcept {
  fd_ = fd;
  unfragmented_ = unfragmented;
  idle_interest_ = idle_interest;
  watching_ = false;
  for (mmsghdr& message : messages_) {
    // msg_name is not const in the kernel's header; sendmsg only reads it.
    message.msg_hdr.msg_name =
        destination == nullptr ? nullptr : const_cast<sockaddr_storage*>(&destination->storage);
    message.msg_hdr.msg_namelen = destination == nullptr ? 0 : destination->length;
  }
  if (!queue_.empty()) wait_for_room(false);
}

void DatagramSender::set_message(uint16_t at, std::span<const uint8_t> frame) noexcept {
  // iov_base is not const either; sending only reads it.
  pieces_[at] = {const_cast<uint8_t*>(frame.data()), frame.size()};
}

TxResult DatagramSender::transmit(const FrameBatch& batch, Picks picks) noexcept {
  TxResult result;
  uint16_t settled = 0;
  if (queue_.empty()) {
    for (uint16_t i = 0; i < picks.size(); ++i) set_message(i, batch.octets(picks[i]));
    settled = send(static_cast<uint16_t>(picks.size()), result);
  }
  if (settled == picks.size()) return result;
  for (; settled < picks.size(); ++settled) {
    if (queue_.push(batch.octets(picks[settled]))) {
      ++result.queued;
      host_.counters().queued.add(1);
    } else {
      ++result.dropped;
      host_.counters().drop(TxDrop::queue_full);
    }
  }
  wait_for_room(full_by_device_);
  return result;
}

void DatagramSender::flush() noexcept {
  armed_ = false;
  while (!queue_.empty()) {
    const auto frames = queue_.front();
    for (uint16_t i = 0; i < frames.size(); ++i) set_message(i, frames[i]);
    TxResult result;
    const uint16_t settled = send(static_cast<uint16_t>(frames.size()), result);
    const bool all = settled == frames.size();
    queue_.pop(settled);
    host_.counters().queued.subtract(settled);
    if (!all) return wait_for_room(full_by_device_);
  }
  if (!watching_) return;
  watching_ = false;
  // Not watched for nothing: epoll reports errors even then, again and again.
  if (idle_interest_ == 0) {
    host_.unwatch(fd_);
  } else {
    (void)host_.watch(fd_, idle_interest_);  // a change of what is watched already
  }
}

uint16_t DatagramSender::send(uint16_t count, TxResult& result) noexcept {
  PortCounters& counters = host_.counters();
  bool recovered = false;
  uint16_t done = 0;
  while (done < count) {
    const int sent =
        fd_ < 0 ? -1 : sendmmsg(fd_, messages_.data() + done, count - done, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      uint64_t octets = 0, fragmented = 0;
      for (const uint16_t end = static_cast<uint16_t>(done + sent); done < end; ++done) {
        octets += pieces_[done].iov_len;
        if (unfragmented_ != 0 && pieces_[done].iov_len > unfragmented_) ++fragmented;
      }
      counters.tx_frames.add(static_cast<uint64_t>(sent));
      counters.tx_octets.add(octets);
      if (fragmented != 0) counters.fragmented.add(fragmented);
      result.sent += static_cast<uint32_t>(sent);
      continue;
    }
    const int why = fd_ < 0 ? ENOTCONN : errno;
    if (why == EINTR) continue;
    if (why == EAGAIN || why == ENOBUFS) {
      full_by_device_ = why == ENOBUFS;
      break;
    }
    // Once a call: a socket that can't be mended must not keep the thread busy.
    if (!recovered && recovery_.recover(why)) {
      recovered = true;
      continue;
    }
    counters.last_errno.set(static_cast<uint64_t>(why));
    counters.drop(why == EMSGSIZE ? TxDrop::oversize : TxDrop::refused);
    ++result.dropped;
    ++done;
  }
  return done;
}

void DatagramSender::wait_for_room(bool by_timer) noexcept {
  if (by_timer) {
    // Armed once: moved on with each batch, the deadline would never come under steady traffic.
    if (!armed_) host_.arm(host_.now_ns() + kRetryAfter_ns);
    armed_ = true;
  } else if (!watching_ && fd_ >= 0) {
    watching_ = host_.watch(fd_, idle_interest_ | EPOLLOUT).ok();
  }
}

void DatagramSender::close() noexcept {
  host_.counters().drop(TxDrop::closed, queue_.size());
  host_.counters().queued.set(0);
  queue_ = FrameQueue();
  fd_ = -1;
}

}  // namespace ethercast
