#include "engine/echo_filter.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "core/packet.h"

namespace ethercast {

namespace {
constexpr uint32_t kEverything = 0xffffffff;

// A classic BPF program (linux/filter.h). The packet starts at the UDP header; SKF_NET_OFF reaches the IP
// header.
class Program {
 public:
  void add(uint16_t code, uint32_t k) noexcept { lines_[size_++] = {code, 0, 0, k}; }
  // Goes on if the comparison with the accumulator holds, else to the last line.
  void must(uint16_t comparison, uint32_t value) noexcept { add(BPF_JMP | BPF_K | comparison, value); }
  // The last line returns `otherwise`.
  sock_fprog finish(uint32_t otherwise) noexcept {
    add(BPF_RET | BPF_K, otherwise);
    for (uint16_t i = 0; i < size_; ++i) {
      if (BPF_CLASS(lines_[i].code) == BPF_JMP) lines_[i].jf = static_cast<uint8_t>(size_ - 2 - i);
    }
    return {size_, lines_.data()};
  }

 private:
  std::array<sock_filter, 24> lines_{};
  uint16_t size_ = 0;
};
}  // namespace

void EchoFilter::detach(int fd) noexcept {
  const int none = 0;
  if (attached_) setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none);
  attached_ = false;
}

bool EchoFilter::attach(int fd, const SockAddr& own) noexcept {
  detach(fd);
  if (own.is_wildcard()) return false;
  Program program;
  program.add(BPF_LD | BPF_H | BPF_ABS, 0);
  program.must(BPF_JEQ, own.port());
  const bool v6 = own.is_v6();
  const auto* const address =
      v6 ? own.v6.sin6_addr.s6_addr : reinterpret_cast<const uint8_t*>(&own.v4.sin_addr);
  const uint32_t source = static_cast<uint32_t>(SKF_NET_OFF) + (v6 ? ipv6::kSource : ipv4::kSource);
  for (uint32_t at = 0; at < (v6 ? 16u : 4u); at += 4) {
    program.add(BPF_LD | BPF_W | BPF_ABS, source + at);
    program.must(BPF_JEQ, read_be32(address + at));
  }
  // What it returns is how many octets to keep.
  constexpr uint32_t kWholeDatagram = udp::kHeader + kWhole;
  program.add(BPF_LD | BPF_W | BPF_LEN, 0);
  program.must(BPF_JGT, kWholeDatagram);
  program.add(BPF_ALU | BPF_SUB | BPF_K, kWholeDatagram);
  program.add(BPF_ALU | BPF_DIV | BPF_K, kShare);
  program.add(BPF_ALU | BPF_ADD | BPF_K, kWholeDatagram);
  program.add(BPF_RET | BPF_A, 0);
  sock_fprog filter = program.finish(kEverything);
  attached_ = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
  own_ = own;
  return attached_;
}

}  // namespace ethercast
