#include "engine/datagram_reader.h"

#include <linux/sock_diag.h>

#include <algorithm>
#include <cerrno>

namespace ethercast {

DatagramReader::DatagramReader()
    : messages_{}, spill_(new uint8_t[size_t{FrameBatch::kMaxFrames} * kLargestDatagram]) {
  for (size_t i = 0; i < messages_.size(); ++i) {
    pieces_[i][1] = {spill_.get() + i * kLargestDatagram, kLargestDatagram};
    messages_[i].msg_hdr.msg_iov = pieces_[i].data();
    messages_[i].msg_hdr.msg_iovlen = 2;
    messages_[i].msg_hdr.msg_name = &senders_[i].storage;
  }
}

void DatagramReader::lay_out(FrameBatch& batch) noexcept {
  const uint32_t count = std::min<uint32_t>(FrameBatch::kMaxFrames, FrameBatch::kSlabSize / stride_);
  for (uint32_t i = 0; i < count; ++i) {
    pieces_[i][0] = {batch.slab() + i * stride_ + FrameBatch::kHeadroom, stride_ - FrameBatch::kHeadroom};
    messages_[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
  }
}

void DatagramReader::receive(int fd, PortHost& host, SenderJudge& judge) {
  BatchPtr batch = host.lease();
  if (!batch) return;
  lay_out(*batch);
  const uint32_t room = std::min<uint32_t>(FrameBatch::kMaxFrames, FrameBatch::kSlabSize / stride_);
  const int count = recvmmsg(fd, messages_.data(), room, MSG_DONTWAIT, nullptr);
  count_kernel_drops(fd, host);
  if (count <= 0) return;  // EAGAIN, or a pending error (an ICMP message): reading it has cleared it

  uint32_t longest = 0;
  uint64_t octets = 0;
  for (int i = 0; i < count; ++i) {
    senders_[i].length = messages_[i].msg_hdr.msg_namelen;
    longest = std::max(longest, messages_[i].msg_len);
    octets += messages_[i].msg_len;
  }
  host.counters().rx_frames.add(static_cast<uint64_t>(count));
  host.counters().rx_octets.add(octets);
  const bool spilled = longest > stride_ - FrameBatch::kHeadroom;
  if (spilled) {
    deliver_by_copy(*batch, count, host, judge);
  } else {
    deliver_in_place(std::move(batch), count, host, judge);
  }
  follow_sizes(longest);
}

void DatagramReader::deliver_in_place(BatchPtr batch, int count, PortHost& host, SenderJudge& judge) {
  for (int i = 0; i < count; ++i) {
    if (const auto why = judge.judge(senders_[i])) {
      host.counters().drop(*why);
      continue;
    }
    const uint32_t offset = static_cast<uint32_t>(i) * stride_ + FrameBatch::kHeadroom;
    batch->push(offset, messages_[i].msg_len).time_ns = host.wall_ns();
  }
  host.deliver(*batch);
}

void DatagramReader::deliver_by_copy(const FrameBatch& batch, int count, PortHost& host, SenderJudge& judge) {
  BatchPtr out = host.lease();
  for (int i = 0; i < count; ++i) {
    if (const auto why = judge.judge(senders_[i])) {
      host.counters().drop(*why);
      continue;
    }
    const uint32_t length = messages_[i].msg_len;
    const uint32_t slot = stride_ - FrameBatch::kHeadroom;
    const uint8_t* start = batch.slab() + static_cast<uint32_t>(i) * stride_ + FrameBatch::kHeadroom;
    const std::span<const uint8_t> first(start, std::min(length, slot));
    const std::span<const uint8_t> second(spill_.get() + static_cast<size_t>(i) * kLargestDatagram,
                                          length > slot ? length - slot : 0);
    if (out && out->append(first, second, host.wall_ns())) continue;
    if (out) host.deliver(*out);
    if (!out || !out->append(first, second, host.wall_ns())) host.counters().drop(RxDrop::no_batch);
  }
  if (out) host.deliver(*out);
}

void DatagramReader::follow_sizes(uint32_t longest) noexcept {
  const auto stride_for = [](uint32_t length) {
    const uint32_t need = length + FrameBatch::kHeadroom;
    const uint32_t rounded = (need + kSmallestStride - 1) / kSmallestStride * kSmallestStride;
    return std::min(rounded, kLargestDatagram + FrameBatch::kHeadroom);
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

// The socket's own drop count, and not the SO_RXQ_OVFL message: that one tells of a loss only with the next
// datagram that gets through, so the last losses of a burst would never be told.
void DatagramReader::count_kernel_drops(int fd, PortHost& host) noexcept {
  uint32_t memory[SK_MEMINFO_VARS] = {};
  socklen_t length = sizeof memory;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &length) != 0) return;
  const uint32_t drops = memory[SK_MEMINFO_DROPS];
  if (drops != kernel_drops_) host.counters().kernel_drops.add(drops - kernel_drops_);
  kernel_drops_ = drops;
}

}  // namespace ethercast
