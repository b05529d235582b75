#include "engine/capture_socket.h"

#include <linux/if_ether.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/udp_socket.h"

namespace ethercast {

namespace {

Error no_packet_socket(int why) {
  if (why != EPERM) return Error::os(why, "socket", "no packet socket can be had");
  return Error::os(why, "socket",
                   "capturing takes the capability CAP_NET_RAW: run as root, or give it to node (sudo setcap "
                   "cap_net_raw+ep \"$(readlink -f \"$(command -v node)\")\"; every program that this node "
                   "runs then has it); a container is given it (docker run --cap-add NET_RAW)");
}

// On loopback each packet is there twice: as it leaves and as it comes. In classic BPF, so that every kernel
// knows it: a packet on its way out is dropped, and for all others the filter goes on.
FilterProgram without_outgoing(const FilterProgram& filter) {
  FilterProgram program{
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, PACKET_OUTGOING},
      {BPF_RET | BPF_K, 0, 0, 0},
  };
  if (filter.empty()) {
    program.push_back({BPF_RET | BPF_K, 0, 0, 0xffffffff});
  } else {
    program.insert(program.end(), filter.begin(), filter.end());
  }
  return program;
}

Result<> attach(int fd, FilterProgram program) {
  if (program.size() > BPF_MAXINSNS) {
    return Error::bad_field("filter", "the filter becomes a program of " + std::to_string(program.size()) +
                                          " instructions: the kernel takes " + std::to_string(BPF_MAXINSNS) +
                                          "; optimize makes it shorter");
  }
  const sock_fprog described{static_cast<unsigned short>(program.size()), program.data()};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &described, sizeof described) == 0) return {};
  const int why = errno;
  return Error::os(why, "setsockopt",
                   why == ENOMEM
                       ? "the kernel has no room for the filter: sysctl net.core.optmem_max is its limit"
                       : "the kernel does not take the filter");
}

}  // namespace

bool is_ethernet(uint16_t link_type) noexcept {
  return link_type == ARPHRD_ETHER || link_type == ARPHRD_LOOPBACK;
}

Result<uint16_t> link_type_of(const std::string& interface) {
  const Fd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!any) return Error::os(errno, "socket", "interface " + interface + " can't be looked at");
  ifreq request{};
  std::strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  if (ioctl(any.get(), SIOCGIFHWADDR, &request) != 0)
    return Error::os(errno, "SIOCGIFHWADDR", "interface " + interface + " is gone");
  return request.ifr_hwaddr.sa_family;
}

CaptureSocket::CaptureSocket() : messages_{}, spill_(new uint8_t[size_t{kMessages} * kLargestPacket]) {
  for (size_t i = 0; i < messages_.size(); ++i) {
    pieces_[i][0] = {offloads_[i].data(), offloads_[i].size()};
    pieces_[i][2] = {spill_.get() + i * kLargestPacket, kLargestPacket};
    messages_[i].msg_hdr.msg_iov = pieces_[i].data();
    messages_[i].msg_hdr.msg_iovlen = pieces_[i].size();
    messages_[i].msg_hdr.msg_control = controls_[i].octets;
  }
}

Result<> CaptureSocket::open() {
  // Of protocol 0: it hears nothing until it is bound to one.
  fd_.reset(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd_) return no_packet_socket(errno);
  return {};
}

Result<> CaptureSocket::listen(PortHost& host, const CaptureWish& wish) {
  auto done = set_up(host, wish);
  if (!done) close();
  return done;
}

Result<> CaptureSocket::set_up(PortHost& host, const CaptureWish& wish) const {
  const FilterProgram program = wish.loopback ? without_outgoing(wish.filter) : wish.filter;
  if (!program.empty()) {
    if (auto attached = attach(fd_.get(), program); !attached) return attached;
  }
  for (const auto& [option, what] :
       {std::pair{PACKET_AUXDATA, "PACKET_AUXDATA"}, std::pair{PACKET_VNET_HDR, "PACKET_VNET_HDR"}}) {
    if (auto set = set_option(fd_.get(), SOL_PACKET, option, 1, what); !set) return set;
  }
  size_receive_buffer(host, fd_.get(), wish.buffer);

  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = wish.interface_index;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Error::os(errno, "bind", "can't listen to " + wish.interface_name);
  if (wish.promisc) {
    packet_mreq request{};
    request.mr_ifindex = wish.interface_index;
    request.mr_type = PACKET_MR_PROMISC;
    if (setsockopt(fd_.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request) != 0) {
      return Error::os(errno, "setsockopt",
                       wish.interface_name + " can't be made promiscuous: nopromisc does without");
    }
  }
  return {};
}

uint32_t CaptureSocket::slots() const noexcept {
  return std::min<uint32_t>(kMessages, FrameBatch::kSlabSize / stride_);
}

void CaptureSocket::lay_out(FrameBatch& batch) noexcept {
  for (uint32_t i = 0; i < slots(); ++i) {
    pieces_[i][1] = {batch.slab() + i * stride_ + FrameBatch::kHeadroom, stride_ - FrameBatch::kHeadroom};
    messages_[i].msg_hdr.msg_controllen = sizeof controls_[i].octets;
  }
}

int CaptureSocket::receive(FrameBatch& batch, std::span<const CapturedPacket>& packets,
                           uint64_t& lost) noexcept {
  packets = {};
  lay_out(batch);
  const int count = recvmmsg(fd_.get(), messages_.data(), slots(), MSG_DONTWAIT, nullptr);
  const int why = count < 0 ? errno : 0;
  // Reading the statistics sets them back to zero.
  tpacket_stats statistics{};
  socklen_t length = sizeof statistics;
  lost = getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &length) == 0 ? statistics.tp_drops
                                                                                         : 0;
  if (count < 0) return why == EAGAIN || why == EINTR ? 0 : why;

  uint32_t longest = 0;
  const uint32_t slot = stride_ - FrameBatch::kHeadroom;
  for (int i = 0; i < count; ++i) {
    CapturedPacket& packet = packets_[static_cast<size_t>(i)] = {};
    const uint32_t got = messages_[i].msg_len;
    packet.offset = static_cast<uint32_t>(i) * stride_ + FrameBatch::kHeadroom;
    packet.length = got < kOffloadHeader ? 0 : got - kOffloadHeader;
    packet.in_spill = packet.length > slot ? packet.length - slot : 0;
    packet.truncated = (messages_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
    packet.offload = offloads_[i];
    longest = std::max(longest, packet.length);
    msghdr& header = messages_[i].msg_hdr;
    for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr; each = CMSG_NXTHDR(&header, each)) {
      if (each->cmsg_level == SOL_PACKET && each->cmsg_type == PACKET_AUXDATA)
        packet.auxiliary = {CMSG_DATA(each), sizeof(tpacket_auxdata)};
    }
  }
  packets = {packets_.data(), static_cast<size_t>(count)};
  follow_sizes(longest);
  return 0;
}

uint32_t CaptureSocket::unspill(const CapturedPacket& packet, const FrameBatch& from,
                                FrameBatch& batch) const noexcept {
  const auto index = static_cast<size_t>(&packet - packets_.data());
  const uint32_t in_slot = packet.length - packet.in_spill;
  uint8_t* const into = batch.slab() + FrameBatch::kHeadroom;
  std::memcpy(into, from.slab() + packet.offset, in_slot);
  std::memcpy(into + in_slot, spill_.get() + index * kLargestPacket, packet.in_spill);
  return FrameBatch::kHeadroom;
}

void CaptureSocket::follow_sizes(uint32_t longest) noexcept {
  const auto stride_for = [](uint32_t length) {
    const uint32_t need = length + FrameBatch::kHeadroom;
    const uint32_t rounded = (need + kSmallestStride - 1) / kSmallestStride * kSmallestStride;
    return std::min(rounded, kLargestStride);
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

}  // namespace ethercast
