// kernel_cut FROM TO: sends super-frames into the device FROM, whose kernel has no offload there and so cuts
// and finishes them itself, and compares what arrives at TO, the other end of the cable, with what we make of
// the same. One line a case: "same NAME" or "differs NAME: HOW". packet(7);
// VIRTIO 1.2, 5.1.6.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>

#include "test/support/packets.h"
#include "test/support/random_wire.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

constexpr int kPatience_ms = 5000;
constexpr int kBuffer = 16 << 20;  // octets: all segments of one super-frame, however small

// struct virtio_net_hdr; the kernel's own header can't be read by C++ (a field is called `class`).
struct VnetHeader {
  uint8_t flags, gso_type;
  uint16_t hdr_len, gso_size, csum_start, csum_offset;
};
static_assert(sizeof(VnetHeader) == 10);
constexpr uint8_t kNeedsChecksum = 1;
constexpr uint8_t kGsoTypes[] = {0, 1, 4, 5};  // none, TCPV4, TCPV6, UDP_L4: in the order of GsoType
constexpr uint8_t kGsoEcn = 0x80;

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

int open_at(const char* device, int option) {
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
  if (fd < 0) give_up("socket(AF_PACKET)");
  const int on = 1;
  if (setsockopt(fd, SOL_PACKET, option, &on, sizeof on) != 0) give_up("setsockopt");
  if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0)
    give_up("PACKET_IGNORE_OUTGOING");
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kBuffer, sizeof kBuffer) != 0) give_up("SO_RCVBUFFORCE");
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(device));
  if (address.sll_ifindex == 0) give_up(device);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) give_up("bind");
  return fd;
}

class Cable {
 public:
  Cable(const char* from, const char* to)
      : from_(open_at(from, PACKET_VNET_HDR)), to_(open_at(to, PACKET_AUXDATA)) {}

  void send(const Octets& frame, const OffloadClaim& claim, bool ecn = false) {
    VnetHeader header = {};
    if (claim.needs_checksum) {
      header.flags = kNeedsChecksum;
      header.csum_start = claim.csum_start;
      header.csum_offset = claim.csum_offset;
    }
    header.gso_type = kGsoTypes[static_cast<size_t>(claim.gso_type)];
    if (ecn) header.gso_type |= kGsoEcn;
    header.gso_size = claim.gso_size;
    iovec parts[] = {{&header, sizeof header}, {const_cast<uint8_t*>(frame.data()), frame.size()}};
    if (writev(from_, parts, 2) != static_cast<ssize_t>(sizeof header + frame.size())) give_up("writev");
  }

  // All that has arrived, up to a frame that says that it is the last: the cable keeps the order.
  std::vector<Octets> receive() {
    Octets last = make_frame(station(99), station(98));
    send(last, {});
    std::vector<Octets> frames;
    for (;;) {
      Octets frame = next();
      if (frame == last) return frames;
      // The kernel's own, such as neighbour discovery, come from other stations.
      if (frame.size() >= 14 && source_mac(frame.data()) >> 32 == station(0) >> 32) frames.push_back(frame);
    }
  }

 private:
  Octets next() {
    pollfd ready = {to_, POLLIN, 0};
    if (poll(&ready, 1, kPatience_ms) != 1) {
      std::fprintf(stderr, "the frame that ends a case did not arrive within %d ms\n", kPatience_ms);
      std::exit(1);
    }
    Octets frame(70'000);
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(tpacket_auxdata))];
    iovec part = {frame.data(), frame.size()};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = recvmsg(to_, &message, 0);
    if (got < 0) give_up("recvmsg");
    frame.resize(static_cast<size_t>(got));
    // The outer tag was taken out of the octets on the way in.
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
      if (each->cmsg_level != SOL_PACKET || each->cmsg_type != PACKET_AUXDATA) continue;
      tpacket_auxdata facts;
      std::memcpy(&facts, CMSG_DATA(each), sizeof facts);
      if ((facts.tp_status & TP_STATUS_VLAN_VALID) == 0) continue;
      Octets tag;
      put16(tag, (facts.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? facts.tp_vlan_tpid : ETH_P_8021Q);
      put16(tag, facts.tp_vlan_tci);
      frame.insert(frame.begin() + 12, tag.begin(), tag.end());
    }
    return frame;
  }

  int from_, to_;
};

std::string difference(const std::vector<Octets>& ours, const std::vector<Octets>& kernels) {
  if (ours.size() != kernels.size())
    return std::to_string(ours.size()) + " frames, the kernel makes " + std::to_string(kernels.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    if (ours[i].size() != kernels[i].size()) return "length of segment " + std::to_string(i);
    for (size_t at = 0; at < ours[i].size(); ++at) {
      if (ours[i][at] == kernels[i][at]) continue;
      return "segment " + std::to_string(i) + ", octet " + std::to_string(at) + ": " +
             std::to_string(ours[i][at]) + ", the kernel has " + std::to_string(kernels[i][at]);
    }
  }
  return "";
}

class Comparison {
 public:
  Comparison(const char* from, const char* to) : cable_(from, to) {}

  // `gso_size` 0: an ordinary frame with its checksum unfinished.
  void compare(const std::string& name, const Wire& wire, uint16_t gso_size) {
    const Built built = build_parts(wire, false);
    const OffloadClaim claim = claim_of(wire, built, gso_size);
    FrameMeta meta;
    meta.length = static_cast<uint32_t>(built.frame.size());
    if (!describe(meta, built.frame, claim)) return tell(name, "refused by us");
    std::vector<Octets> ours;
    if (is_super_frame(meta)) {
      ours = cut_all(meta, built.frame.data());
    } else {
      ours.push_back(built.frame);
      finish_checksum(meta, ours[0].data());
    }
    cable_.send(built.frame, claim, gso_size != 0 && !wire.udp && (wire.flags & kCwr) != 0);
    tell(name, difference(ours, cable_.receive()));
  }
  bool all_same() const { return same_; }

 private:
  void tell(const std::string& name, const std::string& how) {
    if (how.empty()) {
      std::printf("same %s\n", name.c_str());
    } else {
      same_ = false;
      std::printf("differs %s: %s\n", name.c_str(), how.c_str());
    }
  }

  Cable cable_;
  bool same_ = true;
};

Wire with(Wire wire, const std::function<void(Wire&)>& change) {
  change(wire);
  return wire;
}

void compare_each(Comparison& comparison, const std::string& kind, const Wire& plain) {
  const auto compare = [&](const char* what, uint16_t gso_size, const std::function<void(Wire&)>& change) {
    comparison.compare(kind + ", " + what, with(plain, change), gso_size);
  };
  compare("last short", 1000, [](Wire&) {});
  compare("exact multiple", 1500, [](Wire&) {});
  compare("one octet in the last", 2999, [](Wire&) {});
  compare("odd size", 77, [](Wire&) {});
  compare("unfinished checksum", 0, [](Wire&) {});
  compare("unfinished checksum, odd", 0, [](Wire& w) { w.payload.resize(99); });
  compare("TOS", 1000, [](Wire& w) { w.tos = 0xb9; });
  compare("tagged", 1000, [](Wire& w) { w.tags = {0x8100}; });
  compare("tagged, unfinished checksum", 0, [](Wire& w) { w.tags = {0x8100}; });
  compare("tagged twice", 1000, [](Wire& w) { w.tags = {0x88a8, 0x8100}; });
  compare("largest", 1448, [](Wire& w) { w.payload = pattern(65'000, 4); });
  compare("jumbo", 8928, [](Wire& w) { w.payload = pattern(65'000, 4); });
  if (plain.v6) {
    compare("hop-by-hop options", 1000, [](Wire& w) { w.extensions = {0}; });
    compare("destination options, tagged", 1000, [](Wire& w) { w.extensions = {60}, w.tags = {0x8100}; });
    compare("three extension headers", 1000, [](Wire& w) { w.extensions = {0, 43, 60}; });
    compare("flow label", 1000, [](Wire& w) { w.flow_label = 0xabcde; });
  } else {
    compare("IPv4 options", 1000, [](Wire& w) { w.ip_options = Octets(40, 1); });
    compare("may be fragmented", 1000, [](Wire& w) { w.fragment = 0; });
    compare("identification wraps", 1000, [](Wire& w) { w.id = 0xfffe; });
  }
  if (plain.udp) return;
  compare("TCP options", 1000, [](Wire& w) { w.tcp_options = time_stamps(); });
  compare("all TCP options", 1000, [](Wire& w) { w.tcp_options = Octets(40, 1); });
  compare("PSH and FIN", 1000, [](Wire& w) { w.flags |= kPsh | kFin; });
  compare("ECE", 1000, [](Wire& w) { w.flags |= kEce; });
  compare("CWR, ECE, PSH, FIN", 1000, [](Wire& w) { w.flags |= kCwr | kEce | kPsh | kFin; });
  compare("reserved bits", 1000, [](Wire& w) { w.reserved = 0x0e; });
  compare("sequence number wraps", 1000, [](Wire& w) { w.sequence = 0xffff'ff00; });
  compare("everything", 999, [](Wire& w) {
    w.tags = {0x88a8, 0x8100};
    w.ip_options = Octets(12, 1);
    w.extensions = {0, 60};
    w.tcp_options = time_stamps();
    w.flags |= kCwr | kPsh;
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s FROM TO: the two ends of a cable, FROM without offload\n", argv[0]);
    return 2;
  }
  Comparison comparison(argv[1], argv[2]);
  compare_each(comparison, "TCP over IPv4", {.payload = pattern(3000, 1)});
  compare_each(comparison, "TCP over IPv6", {.v6 = true, .payload = pattern(3000, 2)});
  compare_each(comparison, "UDP over IPv4", {.udp = true, .payload = pattern(3000, 3)});
  compare_each(comparison, "UDP over IPv6", {.v6 = true, .udp = true, .payload = pattern(3000, 4)});
  constexpr uint64_t kSeed = 41;
  Random random(kSeed);
  for (int i = 0; i < 300; ++i) {
    Wire wire = random_wire(random);
    const auto gso_size = static_cast<uint16_t>(20 + random.below(1400));
    const uint32_t segments = 2 + random.below(40);
    wire.payload = pattern(gso_size * (segments - 1) + 1 + random.below(gso_size), random.word());
    if (wire.payload.size() > 65'000) wire.payload.resize(65'000);
    comparison.compare("random " + std::to_string(i) + " of seed " + std::to_string(kSeed), wire, gso_size);
  }
  return comparison.all_same() ? 0 : 1;
}
