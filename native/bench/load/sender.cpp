#include "sender.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "fail.h"
#include "probe.h"

namespace ethercast::load {

namespace {

constexpr uint64_t kSecond_ns = 1'000'000'000;
// Paced: what is due goes out this often, so that a burst fits into any queue on the way.
constexpr uint64_t kTick_ns = 100'000;
// What a late tick has missed beyond this is left out: longer bursts would measure the queues. On a machine
// with other work a tick may be late by a time slice or two.
constexpr uint64_t kCatchUp_ns = 5'000'000;
// Frames between two looks at the clock.
constexpr uint64_t kBetweenLooks = 256;
// Segments of one send that every kernel with the offload takes (UDP_MAX_SEGMENTS before Linux 6.10).
constexpr uint64_t kSegments = 64;
// Refusals in a row after which the switch is taken for dead.
constexpr int kMostRefusals = 100;

void sleep_until(uint64_t time_ns) {
  const timespec at = {static_cast<time_t>(time_ns / kSecond_ns), static_cast<long>(time_ns % kSecond_ns)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
}

// Sends from a ring of probes that are made once; only the numbers change.
class Sender {
 public:
  Sender(const End& end, uint32_t trial, bool offload)
      : fd_(end.out()),
        stream_(end.is_stream()),
        unit_(offload ? kSegments : 1),
        probes_(unit_, make_probe(kReceiverMac, kSenderMac, trial, 0)) {}

  // Sends at most `count` frames more.
  void send(uint64_t count, Sent& sent) {
    while (count > 0) {
      const uint64_t now = std::min(count, unit_);
      for (uint64_t i = 0; i < now; ++i) probes_[i].number = sent.frames + i;
      if (!send_unit(now)) {
        ++sent.refused;
        if (++refusals_ > kMostRefusals) fail("the switch takes no frames");
        return;
      }
      refusals_ = 0;
      sent.frames += now;
      count -= now;
    }
  }

 private:
  bool send_unit(uint64_t frames) {
    if (stream_) return send_record();
    if (frames == 1) return ::send(fd_, probes_.data(), kProbeOctets, 0) == kProbeOctets;
    const size_t octets = frames * kProbeOctets;
    iovec data = {probes_.data(), octets};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))] = {};
    msghdr message = {};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    const uint16_t segment = kProbeOctets;
    std::memcpy(CMSG_DATA(header), &segment, sizeof segment);
    return sendmsg(fd_, &message, 0) == static_cast<ssize_t>(octets);
  }

  // All of it once it has begun: the other end could not tell where the next one starts.
  bool send_record() {
    uint8_t record[kPrefixOctets + kProbeOctets] = {0, 0, 0, kProbeOctets};
    std::memcpy(record + kPrefixOctets, probes_.data(), kProbeOctets);
    size_t sent = 0;
    for (int tries = 0; sent < sizeof record; ++tries) {
      const ssize_t octets = ::send(fd_, record + sent, sizeof record - sent, MSG_NOSIGNAL);
      if (octets > 0) sent += static_cast<size_t>(octets);
      if (octets <= 0 && (sent == 0 || tries > kMostRefusals)) return false;
    }
    return true;
  }

  int fd_;
  bool stream_;
  uint64_t unit_;
  std::vector<Probe> probes_;
  int refusals_ = 0;
};

}  // namespace

uint64_t now_ns() noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * kSecond_ns + static_cast<uint64_t>(now.tv_nsec);
}

Sent send_probes(const End& end, const Order& order, bool offload) {
  Sender sender(end, order.trial, offload && end.is_udp());
  Sent sent;
  sent.begin_ns = now_ns();
  const double per_ns = static_cast<double>(order.rate) / static_cast<double>(kSecond_ns);
  uint64_t left_out_ns = 0;
  for (;;) {
    const uint64_t time = now_ns();
    if (time - sent.begin_ns >= order.duration_ns || sent.frames >= order.most) break;
    const uint64_t left = order.most - sent.frames;
    if (order.rate == 0) {
      sender.send(std::min(kBetweenLooks, left), sent);
      continue;
    }
    const uint64_t passed = time - sent.begin_ns - left_out_ns;
    const auto due_at = static_cast<uint64_t>(static_cast<double>(sent.frames) / per_ns);
    if (passed > due_at + kCatchUp_ns) left_out_ns += passed - due_at - kCatchUp_ns;
    const auto due = static_cast<uint64_t>(static_cast<double>(time - sent.begin_ns - left_out_ns) * per_ns);
    if (due > sent.frames) {
      sender.send(std::min({due - sent.frames, kBetweenLooks, left}), sent);
    }
    if (due <= sent.frames) sleep_until(time + kTick_ns);
  }
  sent.end_ns = now_ns();
  return sent;
}

}  // namespace ethercast::load
