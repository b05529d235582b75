#include "receiver.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cerrno>

#include "fail.h"
#include "probe.h"
#include "sender.h"

namespace ethercast::load {

namespace {

// Room for what the kernel joins at most, and for a record that is not whole.
constexpr size_t kBuffer = 2 * 65536;
// After the last frame is sent: this long without any is the end, and this long is the end at the latest.
constexpr uint64_t kQuiet_ns = 100'000'000;
constexpr uint64_t kLatest_ns = 2'000'000'000;

// Octets of each segment of what was just read; all of it where the kernel joined nothing.
size_t segment_octets(msghdr& message, size_t octets) noexcept {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_UDP || header->cmsg_type != UDP_GRO) continue;
    int size = 0;
    std::memcpy(&size, CMSG_DATA(header), sizeof size);
    if (size > 0) return static_cast<size_t>(size);
  }
  return octets;
}

}  // namespace

Receiver::Receiver(const End& end, uint32_t trial, uint64_t most, bool offload)
    : fd_(end.in()),
      stream_(end.is_stream()),
      trial_(trial),
      offload_(offload && end.is_udp()),
      seen_(most / 64 + 1),
      buffer_(kBuffer) {
  const int on = 1;
  if (offload_ && setsockopt(fd_, SOL_UDP, UDP_GRO, &on, sizeof on) != 0) fail("UDP_GRO");
}

void Receiver::take(const uint8_t* frame, size_t length) noexcept {
  Probe probe;
  if (is_probe(frame, length, kSenderMac)) std::memcpy(&probe, frame, sizeof probe);
  const bool ours = is_probe(frame, length, kSenderMac) && probe.trial == trial_;
  if (!ours || probe.number / 64 >= seen_.size()) {
    ++received_.strays;
    return;
  }
  uint64_t& word = seen_[probe.number / 64];
  const uint64_t bit = 1ULL << (probe.number % 64);
  if ((word & bit) != 0) {
    ++received_.duplicates;
    return;
  }
  word |= bit;
  ++received_.frames;
  if (probe.number < highest_) ++received_.reordered;
  if (probe.number > highest_) highest_ = probe.number;
}

// Of a stream: the records that are whole, after `octets` more have come.
void Receiver::take_records(size_t octets) noexcept {
  const size_t end = kept_ + octets;
  size_t at = 0;
  while (end - at >= kPrefixOctets) {
    const uint8_t* prefix = buffer_.data() + at;
    const size_t length = size_t{prefix[2]} << 8 | prefix[3];
    if (end - at < kPrefixOctets + length) break;
    take(prefix + kPrefixOctets, length);
    at += kPrefixOctets + length;
  }
  kept_ = end - at;
  std::memmove(buffer_.data(), buffer_.data() + at, kept_);
}

// False when nothing came within the socket's patience.
bool Receiver::read_once() {
  ssize_t octets;
  size_t segment;
  if (offload_) {
    iovec data = {buffer_.data(), buffer_.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    msghdr message = {};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    octets = recvmsg(fd_, &message, 0);
    segment = octets > 0 ? segment_octets(message, static_cast<size_t>(octets)) : 0;
  } else {
    octets = recv(fd_, buffer_.data() + kept_, buffer_.size() - kept_, 0);
    segment = octets > 0 ? static_cast<size_t>(octets) : 0;
  }
  if (octets <= 0) {
    if (octets < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED) fail("receive");
    return false;
  }
  ++received_.reads;
  const auto length = static_cast<size_t>(octets);
  if (stream_) {
    take_records(length);
    return true;
  }
  for (size_t at = 0; at < length; at += segment) {
    take(buffer_.data() + at, std::min(segment, length - at));
  }
  return true;
}

void Receiver::run() {
  uint64_t ended_ns = 0;
  for (;;) {
    const bool got = read_once();
    const uint64_t expected = expected_.load(std::memory_order_acquire);
    // A look at the clock for each frame would be the bench's own cost: only when the end may be near.
    if (expected == ~0ULL && got) continue;
    const uint64_t time = now_ns();
    if (got) received_.last_ns = time;
    if (expected == ~0ULL) continue;
    if (ended_ns == 0) ended_ns = time;
    if (received_.frames >= expected) return;
    const uint64_t quiet_since = received_.last_ns > ended_ns ? received_.last_ns : ended_ns;
    if (time - quiet_since >= kQuiet_ns || time - ended_ns >= kLatest_ns) return;
  }
}

}  // namespace ethercast::load
