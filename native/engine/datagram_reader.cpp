#include "engine/datagram_reader.h"

#include <linux/sock_diag.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ethercast {

DatagramReader::DatagramReader() : messages_{}, spill_(new uint8_t[size_t{kMessages} * kLargestMessage]) {
  for (size_t i = 0; i < messages_.size(); ++i) {
    pieces_[i][1] = {spill_.get() + i * kLargestMessage, kLargestMessage};
    messages_[i].msg_hdr.msg_iov = pieces_[i].data();
    messages_[i].msg_hdr.msg_iovlen = 2;
    messages_[i].msg_hdr.msg_name = &senders_[i].storage;
    messages_[i].msg_hdr.msg_control = controls_[i].octets;
  }
}

void DatagramReader::use(int fd, PortHost& host, bool offload) noexcept {
  kernel_drops_ = 0;
  wants_runs_ = false;
  const int on = 1;
  const char* note = "udp runs";
  if (!offload) {
    note = "off: as configured";
  } else if (setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) != 0) {
    note = "off: the kernel has no UDP_GRO";
  } else {
    wants_runs_ = true;
  }
  host.note("receive_offload", note);
}

uint32_t DatagramReader::slots() const noexcept {
  return std::min<uint32_t>(kMessages, FrameBatch::kSlabSize / stride_);
}

void DatagramReader::lay_out(FrameBatch& batch) noexcept {
  for (uint32_t i = 0; i < slots(); ++i) {
    pieces_[i][0] = {batch.slab() + i * stride_ + FrameBatch::kHeadroom, stride_ - FrameBatch::kHeadroom};
    messages_[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    // Else no room at all: a peer on AF_UNIX could fill it with descriptors, which would be ours to close.
    messages_[i].msg_hdr.msg_controllen = wants_runs_ ? sizeof controls_[i].octets : 0;
  }
}

DatagramReader::Run DatagramReader::run_of(uint32_t message, uint32_t octets) const noexcept {
  // CMSG_NXTHDR takes what it does not change as changeable.
  auto* const header = const_cast<msghdr*>(&messages_[message].msg_hdr);
  for (cmsghdr* each = CMSG_FIRSTHDR(header); each != nullptr; each = CMSG_NXTHDR(header, each)) {
    if (each->cmsg_level != IPPROTO_UDP || each->cmsg_type != UDP_GRO) continue;
    int length = 0;
    std::memcpy(&length, CMSG_DATA(each), sizeof length);
    if (length > 0 && static_cast<uint32_t>(length) < octets) return {octets, static_cast<uint32_t>(length)};
  }
  return {octets, octets};
}

void DatagramReader::receive(int fd, PortHost& host, SenderJudge& judge) {
  BatchPtr batch = host.lease();
  if (!batch) return;
  lay_out(*batch);
  const int count = recvmmsg(fd, messages_.data(), slots(), MSG_DONTWAIT, nullptr);
  if (counts_kernel_drops_) count_kernel_drops(fd, host);
  if (count <= 0) return;  // EAGAIN, or a pending error (an ICMP message): reading it has cleared it

  uint32_t longest = 0;
  for (int i = 0; i < count; ++i) {
    const auto message = static_cast<uint32_t>(i);
    senders_[i].length = messages_[i].msg_hdr.msg_namelen;
    const auto why = judge.judge(senders_[i]);
    const uint32_t kept = messages_[i].msg_len;
    const Run run = run_of(message, why ? judge.original_octets(senders_[i], kept) : kept);
    longest = std::max(longest, kept);
    PortCounters& counters = host.counters();
    counters.rx_frames.add(run.frames());
    counters.rx_octets.add(run.octets);
    if (run.frames() > 1) counters.rx_super_frames.add(1);
    if (why) {
      counters.drop(*why, run.frames());
    } else if (run.octets > stride_ - FrameBatch::kHeadroom) {
      host.deliver(*batch);  // what came before it
      push_spilled(*batch, message, run, host);
    } else {
      push(*batch, message * stride_ + FrameBatch::kHeadroom, run, host);
    }
  }
  host.deliver(*batch);
  follow_sizes(longest);
}

void DatagramReader::push(FrameBatch& batch, uint32_t offset, Run run, PortHost& host) {
  const uint64_t now_ns = host.wall_ns();
  const uint32_t end = offset + run.octets;
  do {
    if (batch.full()) host.deliver(batch);
    const uint32_t length = std::min(run.length, end - offset);
    batch.push(offset, length).time_ns = now_ns;
    if (run.octets > run.length) batch.mark_run();
    const std::span<uint8_t> frame(batch.slab() + offset, length);
    if (mss_limit_.on() && may_be_syn(frame) && lower_mss(frame, mss_limit_, false))
      host.counters().mss_clamped.add(1);
    offset += length;
  } while (offset < end);
}

// In another batch, whose slab has room for it in one piece.
void DatagramReader::push_spilled(FrameBatch& batch, uint32_t message, Run run, PortHost& host) {
  const BatchPtr out = host.lease();
  if (!out) {
    host.counters().drop(RxDrop::no_batch, run.frames());
    return;
  }
  const uint32_t slot = stride_ - FrameBatch::kHeadroom;
  uint8_t* const into = out->slab() + FrameBatch::kHeadroom;
  std::memcpy(into, batch.slab() + message * stride_ + FrameBatch::kHeadroom, slot);
  std::memcpy(into + slot, spill_.get() + size_t{message} * kLargestMessage, run.octets - slot);
  push(*out, FrameBatch::kHeadroom, run, host);
  host.deliver(*out);
}

void DatagramReader::follow_sizes(uint32_t longest) noexcept {
  const auto stride_for = [](uint32_t length) {
    const uint32_t need = length + FrameBatch::kHeadroom;
    const uint32_t rounded = (need + kSmallestStride - 1) / kSmallestStride * kSmallestStride;
    return std::min(rounded, kLargestMessage + FrameBatch::kHeadroom);
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
