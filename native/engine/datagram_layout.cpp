// DatagramSender's other half: laying frames out as messages, and sending those.
#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/segment.h"
#include "engine/datagram_sender.h"

namespace ethercast {

void DatagramSender::start_layout() noexcept { count_ = settled_ = pieces_used_ = 0, side_used_ = 0; }

// As many wire frames as one call of sendmmsg may have, from a cursor on; returns where it stopped.
DatagramSender::Cursor DatagramSender::lay_out(const FrameBatch& batch, Picks picks, Cursor from) noexcept {
  start_layout();
  while (from.pick < picks.size()) {
    const uint16_t frame = picks[from.pick];
    const bool whole = is_super_frame(batch.meta(frame)) ? add_super_frame(batch, frame, from)
                                                         : add_frame(batch, frame, from);
    if (!whole) break;
    from = {static_cast<uint16_t>(from.pick + 1), 0};
  }
  finish_layout();
  return from;
}

// False when there is no room for all of it: `at` is then the first segment that is still to go.
bool DatagramSender::add_super_frame(const FrameBatch& batch, uint16_t frame, Cursor& at) noexcept {
  const Cutter cutter(batch.meta(frame), batch.data(frame));
  const uint32_t octets = cutter.header_length();
  for (; at.segment < cutter.segments(); ++at.segment) {
    if (side_used_ + octets > kSideOctets) return false;
    uint8_t* const header = side_.get() + side_used_;
    // Room first: the checksum is the dear part.
    const auto payload = cutter.payload(at.segment);
    if (!add(at, {header, octets}, payload)) return false;
    cutter.write_header(at.segment, header);
    side_used_ += octets;
  }
  return true;
}

bool DatagramSender::add_frame(const FrameBatch& batch, uint16_t frame, Cursor at) noexcept {
  const std::span<const uint8_t> octets = batch.octets(frame);
  if (!mss_limit_.on() || !may_be_syn(octets)) return add(at, {}, octets);
  // The batch is only borrowed, and others want it as it is.
  if (side_used_ + octets.size() > kSideOctets) return false;
  uint8_t* const copy = side_.get() + side_used_;
  std::memcpy(copy, octets.data(), octets.size());
  if (!lower_mss({copy, octets.size()}, mss_limit_, false)) return add(at, {}, octets);
  if (!add(at, {}, {copy, octets.size()})) return false;
  side_used_ += static_cast<uint32_t>(octets.size());
  ++plan_[count_ - 1].clamped;
  return true;
}

// One wire frame, in one or two pieces, behind what is laid out. False when there is no room.
bool DatagramSender::add(Cursor at, std::span<const uint8_t> head, std::span<const uint8_t> body) noexcept {
  if (pieces_used_ + 2 > kPieces) return false;
  const auto length = static_cast<uint32_t>(head.size() + body.size());
  Message* message = count_ != 0 ? &plan_[count_ - 1] : nullptr;
  if (message == nullptr || !message->open || length > message->length ||
      message->octets + length > kMaxRun) {
    if (count_ == kMessages) return false;
    message = &plan_[count_++];
    *message = Message{};
    message->start = at;
    message->length = static_cast<uint16_t>(length);
    message->open = most_in_run_ > 1 && length <= longest_in_run_ && length != 0;
  }
  message->octets += length;
  ++message->frames;
  if (length < message->length || message->frames == most_in_run_) message->open = false;

  for (const std::span<const uint8_t> piece : {head, body}) {
    if (piece.empty()) continue;
    iovec* const last = message->pieces != 0 ? &pieces_[pieces_used_ - 1] : nullptr;
    // What came as one run lies in one piece, and leaves as one.
    if (last != nullptr && static_cast<const uint8_t*>(last->iov_base) + last->iov_len == piece.data()) {
      last->iov_len += piece.size();
      continue;
    }
    // iov_base is not const; sending only reads it.
    pieces_[pieces_used_++] = {const_cast<uint8_t*>(piece.data()), piece.size()};
    ++message->pieces;
  }
  return true;
}

void DatagramSender::finish_layout() noexcept {
  iovec* piece = pieces_.data();
  for (uint16_t i = 0; i < count_; ++i) {
    msghdr& header = messages_[i].msg_hdr;
    header.msg_iov = piece;
    header.msg_iovlen = plan_[i].pieces;
    piece += plan_[i].pieces;
    header.msg_control = nullptr;
    header.msg_controllen = 0;
    if (plan_[i].frames == 1) continue;
    header.msg_control = controls_[i].octets;
    header.msg_controllen = sizeof controls_[i].octets;
    cmsghdr* const control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = IPPROTO_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof plan_[i].length);
    std::memcpy(CMSG_DATA(control), &plan_[i].length, sizeof plan_[i].length);
  }
}

void DatagramSender::settle(uint16_t messages, TxResult& result) noexcept {
  PortCounters& counters = host_.counters();
  uint64_t frames = 0, octets = 0, fragmented = 0, runs = 0, clamped = 0;
  for (const uint16_t end = static_cast<uint16_t>(settled_ + messages); settled_ < end; ++settled_) {
    const Message& message = plan_[settled_];
    frames += message.frames;
    octets += message.octets;
    clamped += message.clamped;
    if (message.frames > 1) ++runs;
    if (unfragmented_ != 0 && message.length > unfragmented_) ++fragmented;  // alone in its message
  }
  counters.tx_frames.add(frames);
  counters.tx_octets.add(octets);
  if (runs != 0) counters.tx_super_frames.add(runs);
  if (fragmented != 0) counters.fragmented.add(fragmented);
  if (clamped != 0) counters.mss_clamped.add(clamped);
  result.sent += static_cast<uint32_t>(frames);
}

DatagramSender::Sent DatagramSender::send(TxResult& result) noexcept {
  PortCounters& counters = host_.counters();
  while (settled_ < count_) {
    const int sent =
        fd_ < 0 ? -1
                : sendmmsg(fd_, messages_.data() + settled_, count_ - settled_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      settle(static_cast<uint16_t>(sent), result);
      continue;
    }
    const int why = fd_ < 0 ? ENOTCONN : errno;
    if (why == EINTR) continue;
    if (why == EAGAIN || why == ENOBUFS) {
      full_by_device_ = why == ENOBUFS;
      return Sent::full;
    }
    const Message& message = plan_[settled_];
    if (message.frames > 1 && without_offload(message, why)) return Sent::changed;
    // Once a call: a socket that can't be mended must not keep the thread busy.
    if (!recovered_ && recovery_.recover(why)) {
      recovered_ = true;
      continue;
    }
    counters.last_errno.set(static_cast<uint64_t>(why));
    counters.drop(recovery_.reason(why), message.frames);
    result.dropped += message.frames;
    ++settled_;
  }
  return Sent::all;
}

// A run was refused. True when that may be for being a run: then it goes again, with less offload or none,
// which can happen only a few times for a socket.
bool DatagramSender::without_offload(const Message& message, int os_errno) noexcept {
  switch (os_errno) {
    case EMSGSIZE:
      // The route carries less than its interface says. Shorter frames may still go in runs.
      longest_in_run_ = message.length - 1u;
      note_offload("udp segmentation up to " + std::to_string(longest_in_run_) +
                   " octets: EMSGSIZE, the route carries no more");
      break;
    case EINVAL:
      if (message.frames > kFewSegments) {
        most_in_run_ = kFewSegments;
        note_offload("udp segmentation, 64 frames at once: the kernel takes no more");
        break;
      }
      stop_offload("EINVAL, the kernel refused it");
      break;
    case EIO:
      stop_offload("EIO, the interface can't finish checksums");
      break;
    case EOPNOTSUPP:
      stop_offload("EOPNOTSUPP, the kernel refused it");
      break;
    default:
      return false;
  }
  host_.counters().offload_failures.add(1);
  return true;
}

void DatagramSender::stop_offload(const std::string& why) noexcept {
  most_in_run_ = 1;
  note_offload("off: " + why);
}

}  // namespace ethercast
