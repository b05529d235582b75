#include "ports/mcast.h"

#include <net/if.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <tuple>

#include "core/ether.h"
#include "engine/address_watch.h"
#include "engine/clock.h"
#include "engine/datagram_reader.h"
#include "engine/datagram_sender.h"
#include "engine/echo_filter.h"
#include "engine/identities.h"
#include "engine/interfaces.h"
#include "engine/udp_path.h"
#include "engine/udp_socket.h"

namespace ethercast {

namespace {

// While no socket can be opened, it is tried this often even if no address event comes.
constexpr uint64_t kReopenEvery_ns = kNsPerSecond;

struct McastOptions {
  SockAddr group;
  std::optional<SockAddr> source;
  std::string interface;  // empty: the one the route to the group names
  int ttl = 1;
  bool loop = true;
  UdpOptions udp;
};

class McastPort final : public Port, SenderJudge, SendRecovery {
 public:
  explicit McastPort(McastOptions options) : options_(std::move(options)) {}
  ~McastPort() override { close(); }

  Caps caps() const noexcept override {
    return {.max_frame = options_.udp.max_frame,
            .takes = options_.udp.offload ? kTakesSuperFrames : uint16_t{0}};
  }

  Result<> open(PortHost& host) override {
    host_ = &host;
    sender_.emplace(host, static_cast<SendRecovery&>(*this), options_.udp.offload);
    path_.emplace(host, *sender_, reader_, options_.udp, v6());
    if (auto chosen = choose_interface(); !chosen) return chosen;
    if (auto opened = open_receiver(); !opened) return opened;
    if (auto opened = open_sender(); !opened) return opened;
    if (auto opened = watch_.open(); !opened) return opened;
    if (unheard_) host.arm(host.now_ns());  // told once the port is known, which it is not while it opens
    return host.watch(watch_.fd(), EPOLLIN);
  }

  void on_ready(int fd, uint32_t events) override {
    if (fd == watch_.fd()) {
      for (const AddressChange& change : watch_.read()) follow(change);
    } else if (fd == receiver_.get()) {
      reader_.receive(fd, *host_, *this);
    } else if (fd == out_.get() && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
      sender_->flush();
    }
  }

  void on_timer(uint64_t) override {
    if (socketless_) {
      reopen(receiver_lost_);
      if (socketless_) host_->arm(host_->now_ns() + kReopenEvery_ns);
    } else {
      report_health();
    }
    sender_->flush();
  }

  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    return sender_->transmit(batch, picks);
  }

  void close() noexcept override {
    if (host_ == nullptr) return;
    if (sender_) sender_->close();
    for (const int fd : {receiver_.get(), out_.get(), watch_.fd()}) {
      if (fd >= 0) host_->unwatch(fd);
    }
    receiver_.reset();
    out_.reset();
    watch_.close();
    host_ = nullptr;
  }

 private:
  bool v6() const noexcept { return options_.group.is_v6(); }

  std::optional<RxDrop> judge(const SockAddr& sender) noexcept override {
    if (identities_.is_own(sender, host_->now_ns())) return RxDrop::own_echo;
    return std::nullopt;
  }

  uint32_t original_octets(const SockAddr& sender, uint32_t kept) noexcept override {
    return echo_filter_.original(sender, kept);
  }

  bool recover(int os_errno) noexcept override {
    switch (os_errno) {
      case ENETUNREACH:
      case EHOSTUNREACH:
      case EADDRNOTAVAIL:
      case EINVAL:  // what a connected socket gives once its address is gone
      case ENOTCONN:
      case ENODEV:
        break;
      default:
        return false;
    }
    // Once there is no socket, the address events and the timer try again; every frame need not.
    return !socketless_ && reopen(false);
  }

  Result<> choose_interface() {
    auto chosen = interface_for(options_.interface, options_.group);
    if (!chosen) return chosen.error();
    return settle(chosen.value().interface, chosen.value().why);
  }

  Result<> settle(const Interface& interface, const char* why) {
    interface_index_ = interface.index;
    interface_name_ = interface.name;
    host_->note("interface", interface.name);
    host_->note("interface_by", why);
    if ((interface.flags & IFF_UP) == 0) {
      return Error::os(ENETDOWN, "getifaddrs",
                       "interface " + interface.name + " is down: ip link set " + interface.name + " up");
    }
    return {};
  }

  Result<> open_receiver() {
    auto made = udp_socket(options_.group.family());
    if (!made) return made.error();
    Fd fd = std::move(made.value());
    // UML and QEMU set SO_REUSEADDR too; with SO_REUSEPORT alone none of them could share the port with us.
    if (auto set = set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"); !set) return set;
    // Only the membership of this very socket counts, not that of any other program on this host.
    if (v6()) {
      if (auto set = set_option(fd.get(), IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0, "IPV6_MULTICAST_ALL"); !set)
        return set;
    } else {
      if (auto set = set_option(fd.get(), IPPROTO_IP, IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL"); !set)
        return set;
    }
    SockAddr bound = options_.group;
    if (v6()) bound.v6.sin6_scope_id = static_cast<uint32_t>(interface_index_);
    if (auto set = bind_socket(fd.get(), bound); !set) return set;
    const SockAddr* const source = options_.source ? &*options_.source : nullptr;
    const MulticastOn on{interface_index_, interface_name_};
    if (auto joined = join_group(fd.get(), options_.group, source, on); !joined) return joined;

    size_receive_buffer(*host_, fd.get(), options_.udp.buffer);
    if (receiver_) host_->unwatch(receiver_.get());
    receiver_ = std::move(fd);
    echo_filter_.detach(receiver_.get());
    reader_.use(receiver_.get(), *host_, options_.udp.offload);
    receiver_lost_ = false;
    return host_->watch(receiver_.get(), EPOLLIN);
  }

  Result<> open_sender() {
    auto made = udp_socket(options_.group.family());
    if (!made) return made.error();
    Fd fd = std::move(made.value());
    auto interface = interface_by_index(interface_index_);
    if (!interface) return interface.error();
    SockAddr to = options_.group;
    if (v6()) {
      to.v6.sin6_scope_id = static_cast<uint32_t>(interface_index_);
      for (const auto& [option, value, what] :
           {std::tuple{IPV6_MULTICAST_IF, interface_index_, "IPV6_MULTICAST_IF"},
            std::tuple{IPV6_MULTICAST_HOPS, options_.ttl, "IPV6_MULTICAST_HOPS"},
            std::tuple{IPV6_MULTICAST_LOOP, options_.loop ? 1 : 0, "IPV6_MULTICAST_LOOP"}}) {
        if (auto set = set_option(fd.get(), IPPROTO_IPV6, option, value, what); !set) return set;
      }
    } else {
      // The interface's own address as the source where it has one: the kernel might else take another
      // interface's, and the socket would die with that.
      ip_mreqn request{};
      request.imr_ifindex = interface_index_;
      request.imr_address = interface.value().first_address(AF_INET).v4.sin_addr;
      if (setsockopt(fd.get(), IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) != 0) {
        return Error::os(errno, "setsockopt", "can't send on " + interface_name_);
      }
      for (const auto& [option, value, what] :
           {std::tuple{IP_MULTICAST_TTL, options_.ttl, "IP_MULTICAST_TTL"},
            std::tuple{IP_MULTICAST_LOOP, options_.loop ? 1 : 0, "IP_MULTICAST_LOOP"}}) {
        if (auto set = set_option(fd.get(), IPPROTO_IP, option, value, what); !set) return set;
      }
    }
    size_send_buffer(fd.get(), options_.udp.buffer);
    if (::connect(fd.get(), &to.any, to.length) != 0) {
      const int why = errno;
      std::string message = "can't send to " + to.text() + " through " + interface_name_;
      if (v6() && (why == ENETUNREACH || why == EADDRNOTAVAIL)) {
        // Linux makes any other route through loopback one that rejects.
        const char* type = (interface.value().flags & IFF_LOOPBACK) != 0 ? "local" : "multicast";
        message += std::string(": give it a multicast route (ip -6 route add ") + type + " ff00::/8 dev " +
                   interface_name_ + " table local)";
      }
      return Error::os(why, "connect", message);
    }
    if (out_) host_->unwatch(out_.get());
    out_ = std::move(fd);
    const SockAddr own = local_address(out_.get());
    identities_.adopt(own, host_->now_ns());
    // Before anything leaves from there, so that every echo is shortened.
    if (options_.loop) echo_filter_.attach(receiver_.get(), own);
    host_->note("source", own.text() + " port " + std::to_string(own.port()));
    sender_->use(out_.get(), nullptr);
    follow_mtu(interface.value());
    unheard_ = own.is_wildcard() && options_.ttl != 0 && (interface.value().flags & IFF_LOOPBACK) == 0;
    return {};
  }

  // What the route to the group carries, which a metric of its own may keep below the interface's MTU.
  void follow_mtu(const Interface& interface) {
    const auto route = route_to(options_.group, interface_index_);
    const uint32_t mtu = route ? std::min(route.value().mtu, interface.mtu) : interface.mtu;
    path_->follow(mtu);
  }

  void follow(const AddressChange& change) {
    switch (change.what) {
      case AddressChange::What::route_changed:
        if (auto interface = interface_by_index(interface_index_); interface && !socketless_)
          follow_mtu(interface.value());
        return;
      case AddressChange::What::missed:
        reopen(true);
        return;
      case AddressChange::What::address_added:
        if (change.interface_index != interface_index_ || change.address.family() != options_.group.family())
          return;
        // A better address has come; or the first one, after a while with none or with another interface's.
        if (socketless_ || !has_own_address()) reopen(receiver_lost_);
        return;
      case AddressChange::What::address_removed:
        if (change.interface_index == interface_index_ &&
            change.address.same_address(identities_.present())) {
          reopen(false);
        }
        return;
      case AddressChange::What::link_removed:
        if (change.interface_index != interface_index_) return;
        receiver_lost_ = true;
        degrade("interface", "interface " + interface_name_ + " is gone", ENODEV);
        return;
      case AddressChange::What::link_changed:
        if (change.name != interface_name_) return;
        // The same name with another index is a new interface: the membership went with the old one.
        if (change.interface_index != interface_index_) {
          interface_index_ = change.interface_index;
          receiver_lost_ = true;
        }
        if (socketless_) {
          reopen(receiver_lost_);
        } else if (auto interface = interface_by_index(interface_index_)) {
          follow_mtu(interface.value());
        }
        return;
    }
  }

  bool has_own_address() const {
    auto interface = interface_by_index(interface_index_);
    if (!interface) return false;
    for (const SockAddr& address : interface.value().addresses) {
      if (address.same_address(identities_.present())) return true;
    }
    return false;
  }

  bool reopen(bool receiver_too) {
    Result<> opened;
    if (receiver_too) opened = open_receiver();
    if (opened) opened = open_sender();
    if (!opened) {
      degrade("address", opened.error().message, opened.error().os_errno);
      return false;
    }
    host_->counters().reopened.add(1);
    socketless_ = false;
    report_health();
    return true;
  }

  // Nothing leaves any more; the timer tries to open a socket again.
  void degrade(const char* reason, const std::string& message, int os_errno) {
    host_->counters().last_errno.set(static_cast<uint64_t>(os_errno));
    if (!degraded_) host_->report({PortState::degraded, reason, message, os_errno});
    socketless_ = degraded_ = true;
    host_->arm(host_->now_ns() + kReopenEvery_ns);
  }

  // With a socket: tells a change for the better, and that nobody else accepts what is sent (RFC 1122
  // section 3.2.1.3).
  void report_health() {
    if (unheard_ == degraded_) return;
    degraded_ = unheard_;
    if (unheard_) {
      host_->report(
          {PortState::degraded, "address",
           "interface " + interface_name_ + " has no IPv4 address: other hosts drop what comes from 0.0.0.0",
           EADDRNOTAVAIL});
    } else {
      host_->report({PortState::up, "reopened", "the port carries frames again", 0});
    }
  }

  const McastOptions options_;
  PortHost* host_ = nullptr;
  int interface_index_ = 0;
  std::string interface_name_;
  Fd receiver_;
  Fd out_;
  AddressWatch watch_;
  DatagramReader reader_;
  std::optional<DatagramSender> sender_;
  std::optional<UdpPath> path_;
  Identities identities_;
  EchoFilter echo_filter_;
  bool degraded_ = false;    // and reported so
  bool socketless_ = false;  // no working socket: nothing leaves
  bool unheard_ = false;     // frames leave, but from 0.0.0.0
  bool receiver_lost_ = false;
};

}  // namespace

Result<std::unique_ptr<Port>> make_mcast_port(const Config& config) {
  McastOptions options;
  auto port = config.integer("port", 1, 65535);
  if (!port) return port.error();
  auto group_text = config.text("group");
  if (!group_text) return group_text.error();
  auto group = SockAddr::parse("group", group_text.value(), static_cast<uint16_t>(port.value()));
  if (!group) return group.error();
  options.group = group.value();
  if (!options.group.is_multicast()) {
    return Error::bad_field("group", "group " + group_text.value() +
                                         " is not multicast: allowed are 224.0.1.0 to " +
                                         "239.255.255.255 and ff00::/8");
  }
  auto ttl = config.integer("ttl", 0, 255);
  if (!ttl) return ttl.error();
  options.ttl = static_cast<int>(ttl.value());
  auto loop = config.flag("loop");
  if (!loop) return loop.error();
  options.loop = loop.value();
  if (config.has("interface")) {
    auto interface = config.text("interface");
    if (!interface) return interface.error();
    options.interface = interface.value();
  }
  if (config.has("source")) {
    auto text = config.text("source");
    if (!text) return text.error();
    auto source = SockAddr::parse("source", text.value(), 0);
    if (!source) return source.error();
    if (source.value().family() != options.group.family()) {
      return Error::bad_field("source", "source " + text.value() + " is not of the group's address family");
    }
    options.source = source.value();
  }
  auto common = read_udp_options(config, options.group.is_v6());
  if (!common) return common.error();
  options.udp = common.value();
  return std::unique_ptr<Port>(std::make_unique<McastPort>(std::move(options)));
}

}  // namespace ethercast
