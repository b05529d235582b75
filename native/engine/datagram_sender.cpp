#include "engine/datagram_sender.h"

#include <netinet/udp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/segment.h"

namespace ethercast {

DatagramSender::DatagramSender(PortHost& host, SendRecovery& recovery, bool offload) noexcept
    : host_(host), recovery_(recovery), offload_(offload), messages_{}, side_(new uint8_t[kSideOctets]) {}

void DatagramSender::attach(int fd, const SockAddr* destination, uint32_t idle_interest) noexcept {
  fd_ = fd;
  idle_interest_ = idle_interest;
  watching_ = false;
  for (mmsghdr& message : messages_) {
    // msg_name is not const in the kernel's header; sendmsg only reads it.
    message.msg_hdr.msg_name =
        destination == nullptr ? nullptr : const_cast<sockaddr_storage*>(&destination->storage);
    message.msg_hdr.msg_namelen = destination == nullptr ? 0 : destination->length;
  }
  most_in_run_ = 1;
}

void DatagramSender::use_connected(int fd, uint32_t idle_interest) noexcept {
  attach(fd, nullptr, idle_interest);
  if (!queue_.empty()) wait_for_room(false);
}

void DatagramSender::use(int fd, const SockAddr* destination, uint32_t idle_interest) noexcept {
  attach(fd, destination, idle_interest);
  // A new socket may go another way: what the former one could not do is tried again.
  longest_in_run_ = unfragmented_ != 0 ? unfragmented_ : kMaxRun;
  const int none = 0;
  if (!offload_) {
    note_offload("off: as configured");
  } else if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &none, sizeof none) != 0) {
    note_offload("off: the kernel has no UDP_SEGMENT");
  } else {
    most_in_run_ = kMaxSegments;
    note_offload("udp segmentation");
  }
  if (!queue_.empty()) wait_for_room(false);
}

void DatagramSender::set_unfragmented(uint32_t octets) noexcept {
  unfragmented_ = octets;
  // A run's frames must each fit the route's MTU: the kernel fragments no segment of one.
  longest_in_run_ = octets != 0 ? octets : kMaxRun;
}

void DatagramSender::note_offload(const std::string& text) noexcept {
  if (text == noted_) return;
  noted_ = text;
  host_.note("send_offload", text);
}

TxResult DatagramSender::transmit(const FrameBatch& batch, Picks picks) noexcept {
  TxResult result;
  Cursor at;
  recovered_ = false;
  bool full = !queue_.empty();
  while (!full && at.pick < picks.size()) {
    const Cursor behind = lay_out(batch, picks, at);
    const Sent sent = send(result);
    full = sent == Sent::full;
    at = sent == Sent::all ? behind : plan_[settled_].start;
  }
  if (at.pick == picks.size()) return result;
  queue_from(batch, picks, at, result);
  wait_for_room(full_by_device_);
  return result;
}

void DatagramSender::flush() noexcept {
  armed_ = recovered_ = false;
  while (!queue_.empty()) {
    const auto frames = queue_.front();
    start_layout();
    uint16_t laid = 0;
    while (laid < frames.size() && add({laid, 0}, {}, frames[laid])) ++laid;
    finish_layout();
    TxResult result;
    const Sent sent = send(result);
    const uint16_t settled = sent == Sent::all ? laid : plan_[settled_].start.pick;
    queue_.pop(settled);
    host_.counters().queued.subtract(settled);
    if (sent == Sent::full) return wait_for_room(full_by_device_);
  }
  stop_watching();
}

void DatagramSender::stop_watching() noexcept {
  if (!watching_) return;
  watching_ = false;
  // Not watched for nothing: epoll reports errors even then, again and again.
  if (room_fd_ != fd_ || idle_interest_ == 0) {
    host_.unwatch(room_fd_);
  } else {
    (void)host_.watch(fd_, idle_interest_);  // a change of what is watched already
  }
}

void DatagramSender::queue_from(const FrameBatch& batch, Picks picks, Cursor from,
                                TxResult& result) noexcept {
  for (; from.pick < picks.size(); ++from.pick, from.segment = 0) {
    const uint16_t frame = picks[from.pick];
    const FrameMeta& meta = batch.meta(frame);
    if (!is_super_frame(meta)) {
      // Clamped now, since the queue knows only octets.
      start_layout();
      add_frame(batch, frame, from);
      if (plan_[0].clamped != 0) host_.counters().mss_clamped.add(1);
      queue_frame({static_cast<const uint8_t*>(pieces_[0].iov_base), pieces_[0].iov_len}, result);
      continue;
    }
    const Cutter cutter(meta, batch.data(frame));
    for (; from.segment < cutter.segments(); ++from.segment) {
      cutter.write_header(from.segment, side_.get());
      const auto payload = cutter.payload(from.segment);
      std::memcpy(side_.get() + cutter.header_length(), payload.data(), payload.size());
      queue_frame({side_.get(), cutter.header_length() + payload.size()}, result);
    }
  }
}

void DatagramSender::queue_frame(std::span<const uint8_t> frame, TxResult& result) noexcept {
  if (queue_.push(frame)) {
    ++result.queued;
    host_.counters().queued.add(1);
  } else {
    ++result.dropped;
    host_.counters().drop(TxDrop::queue_full);
  }
}

void DatagramSender::wait_for_room(bool by_timer) noexcept {
  if (by_timer) {
    // Armed once: moved on with each batch, the deadline would never come under steady traffic.
    if (!armed_) host_.arm(host_.now_ns() + kRetryAfter_ns);
    armed_ = true;
  } else if (fd_ >= 0) {
    const int room = recovery_.room_fd(fd_);
    if (watching_ && room == room_fd_) return;
    stop_watching();
    room_fd_ = room;
    watching_ = host_.watch(room, room == fd_ ? idle_interest_ | EPOLLOUT : uint32_t{EPOLLOUT}).ok();
  }
}

void DatagramSender::close(TxDrop why) noexcept {
  host_.counters().drop(why, queue_.size());
  host_.counters().queued.set(0);
  queue_ = FrameQueue();
  // The port's next wish replaces that of the sender, which would wait for it for ever.
  watching_ = armed_ = false;
  fd_ = -1;
}

}  // namespace ethercast
