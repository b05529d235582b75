#include "ports/switch.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "engine/acceptor.h"
#include "engine/datagram_reader.h"
#include "engine/datagram_sender.h"
#include "engine/frame_options.h"
#include "engine/unix_datagram.h"
#include "engine/unix_socket.h"
#include "ports/codec/daemon_control.h"

namespace ethercast {

namespace {

// Clients send their request in the moment they connect. Of those that don't yet, so many may wait, so long.
constexpr size_t kMostWaiting = 64;
constexpr uint64_t kRequestWithin_ns = 5'000'000'000;
// What a client takes: its control stream, and the data socket that is its alone.
constexpr int kDescriptorsOfOne = 2;

struct SwitchOptions {
  std::string socket;
  UnixAccess access{};
  uint32_t clients = 0;
  FrameOptions message{};
};

// What a listener and its clients share. The last of them ends it.
struct Room {
  explicit Room(SwitchOptions given) : options(std::move(given)) { reader.count_no_kernel_drops(); }
  const SwitchOptions options;
  DatagramReader reader;  // for all: only one reads at a time
};

// What has connected, and what it has sent so far.
struct Waiting {
  Fd control;
  std::string who;
  uint64_t until_ns = 0;
  size_t got = 0;
  std::array<uint8_t, kMostDaemonRequest> octets;
};

// One client: its control stream, and a data socket of its own that is connected to the client's. So nobody
// else's frames get in, whoever knows the socket's name, and a full queue holds up nobody else.
class ClientPort final : public Port, SenderJudge, SendRecovery {
 public:
  ClientPort(std::shared_ptr<Room> room, Seat seat, Waiting& waiting, DaemonRequest request)
      : room_(std::move(room)),
        seat_(std::move(seat)),
        control_(std::move(waiting.control)),
        padding_(kDaemonRequest - std::min(waiting.got, kDaemonRequest)),
        request_(std::move(request)) {}
  ~ClientPort() override { close(); }

  Caps caps() const noexcept override {
    return {.max_frame = room_->options.message.max_frame, .shallow = true};
  }

  Result<> open(PortHost& host) override {
    host_ = &host;
    sender_.emplace(host, static_cast<SendRecovery&>(*this), false);
    auto data = message_socket(host, room_->options.message);
    if (!data) return data.error();
    data_ = std::move(data.value());
    // Connected before it has a name: there is no moment in which others could send here.
    if (auto connected = connect(); !connected) return connected;
    const auto name = bind_abstract(data_.get(), "ethercast-switch-" + std::to_string(getpid()));
    if (!name) return name.error();
    sender_->use_connected(data_.get(), EPOLLIN);
    for (const int fd : {control_.get(), data_.get()}) {
      if (auto watched = host.watch(fd, EPOLLIN); !watched) return watched;
    }
    host.note("peer", peer_credentials(control_.get()).text());
    host.note("protocol", "version " + std::to_string(request_.version));
    if (!request_.description.empty()) host.note("description", request_.description);
    if (room_->options.message.mtu != 0) host.tell_path_mtu(room_->options.message.mtu);
    const DaemonAddress reply = abstract_daemon_address(name.value());
    if (send(control_.get(), reply.data(), reply.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(reply.size())) {
      return Error::os(errno, "write", "it left before it was answered");
    }
    return {};
  }

  void on_ready(int fd, uint32_t events) override {
    if (fd == control_.get()) return hear();
    if ((events & EPOLLOUT) != 0) sender_->flush();
    if ((events & (EPOLLIN | EPOLLERR)) != 0) room_->reader.receive(fd, *host_, *this);
    leave_if_refused();
  }
  void on_timer(uint64_t) override { on_ready(data_.get(), EPOLLOUT); }
  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    const TxResult result = sender_->transmit(batch, picks);
    leave_if_refused();
    return result;
  }

  void close() noexcept override {
    if (host_ == nullptr) return;
    if (sender_) sender_->close();
    for (Fd* const fd : {&control_, &data_}) {
      if (*fd) host_->unwatch(fd->get());
      fd->reset();
    }
    host_ = nullptr;
  }

 private:
  Result<> connect() {
    const auto path = daemon_path(request_.address);
    if (path && path->front() != '/') {
      return Error::os(EINVAL, "connect",
                       "the path of its data socket is relative, to a folder that only it knows");
    }
    const int why = path ? connect_owned(data_.get(), *path, peer_credentials(control_.get()).uid)
                         : connect_whole(data_.get(), request_.address);
    if (why == 0) return {};
    const char* hint = "";
    if (why == ECONNREFUSED && !path) hint = ": is it in another network namespace? Abstract names end there";
    if (why == EPERM) hint = ": it is another user's, or has another peer";
    return Error::os(why, "connect", std::string("its data socket can't be reached") + hint);
  }

  // The control stream is silent once the client is registered: its end is the client's. What may still come
  // is the padding of a request that came in pieces.
  void hear() {
    std::array<uint8_t, 16> more;
    const ssize_t got = recv(control_.get(), more.data(), more.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return left("peer", "the client has left");
    if (static_cast<size_t>(got) > padding_) {
      return left("protocol", "the client sent what no client sends on its control connection");
    }
    padding_ -= static_cast<size_t>(got);
  }

  // uml_switch goes on and shouts at each frame; but a socket that is gone never comes back.
  void leave_if_refused() noexcept {
    if (refused_) left("peer", "the client's data socket has gone");
  }
  void left(const char* reason, const char* message) {
    if (left_) return;
    left_ = true;
    host_->report({PortState::closed, reason, message, 0});
  }

  std::optional<RxDrop> judge(const SockAddr&) noexcept override { return std::nullopt; }
  bool recover(int os_errno) noexcept override {
    refused_ |= os_errno == ECONNREFUSED || os_errno == ENOTCONN || os_errno == ECONNRESET;
    return false;
  }

  const std::shared_ptr<Room> room_;
  const Seat seat_;
  Fd control_, data_;
  size_t padding_;  // octets that may still come
  const DaemonRequest request_;
  PortHost* host_ = nullptr;
  std::optional<DatagramSender> sender_;
  bool refused_ = false;
  bool left_ = false;
};

class SwitchPort final : public Port, AcceptorClients {
 public:
  explicit SwitchPort(SwitchOptions options)
      : room_(std::make_shared<Room>(std::move(options))),
        acceptor_({.spec = "switch,,unix," + room_->options.socket,
                   .clients = room_->options.clients,
                   .descriptors = kDescriptorsOfOne,
                   .without = WithoutDescriptors::turn_away}) {}
  ~SwitchPort() override { close(); }

  Caps caps() const noexcept override {
    return {.max_frame = room_->options.message.max_frame, .listener = true};
  }

  Result<> open(PortHost& host) override {
    host_ = &host;
    auto made = unix_listen(SOCK_STREAM, room_->options.socket, room_->options.access);
    if (!made) return made.error();
    return acceptor_.open(host, std::move(made.value()));
  }

  void on_ready(int fd, uint32_t) override {
    if (fd == acceptor_.fd()) {
      acceptor_.accept(*this);
    } else {
      const auto one = std::find_if(waiting_.begin(), waiting_.end(),
                                    [fd](const auto& each) { return each->control.get() == fd; });
      if (one != waiting_.end()) hear(*leave_off(one));
    }
    arm();
  }

  void on_timer(uint64_t now_ns) override {
    while (!waiting_.empty() && waiting_.front()->until_ns <= now_ns) {
      refuse(*leave_off(waiting_.begin()), "it connected, and said nothing");
    }
    acceptor_.on_timer(*this);
    arm();
  }

  TxResult transmit(const FrameBatch&, Picks) noexcept override { return {}; }

  void close() noexcept override {
    if (host_ == nullptr) return;
    for (const auto& each : waiting_) host_->unwatch(each->control.get());
    waiting_.clear();
    acceptor_.close();
    host_ = nullptr;
  }

 private:
  using WaitingPtr = std::unique_ptr<Waiting>;
  using Place = std::vector<WaitingPtr>::iterator;

  void take(Fd control, std::string who) override {
    // The one that has been silent for longest makes room: who means it sends at once.
    if (waiting_.size() == kMostWaiting) {
      refuse(*leave_off(waiting_.begin()), "too many connected, and said nothing");
    }
    auto one = std::make_unique<Waiting>();
    one->control = std::move(control);
    one->who = std::move(who);
    one->until_ns = host_->now_ns() + kRequestWithin_ns;
    if (host_->watch(one->control.get(), EPOLLIN)) waiting_.push_back(std::move(one));
  }

  WaitingPtr leave_off(Place place) {
    WaitingPtr taken = std::move(*place);
    host_->unwatch(taken->control.get());
    waiting_.erase(place);
    return taken;
  }

  void hear(Waiting& one) {
    const ssize_t got = recv(one.control.get(), one.octets.data() + one.got, one.octets.size() - one.got, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return wait_on(one);
    if (got <= 0) return;  // it only looked whether somebody is here, as starting switches do
    one.got += static_cast<size_t>(got);
    auto [fault, request] = parse_daemon_request({one.octets.data(), one.got});
    if (fault == DaemonFault::unfinished) return wait_on(one);
    if (fault != DaemonFault::none) return refuse(one, daemon_fault_text(fault));
    acceptor_.admit(one.who, [&, &asked = request](Seat seat) {
      return std::make_unique<ClientPort>(room_, std::move(seat), one, std::move(asked));
    });
  }

  void wait_on(Waiting& one) {
    if (!host_->watch(one.control.get(), EPOLLIN)) return;
    auto kept = std::make_unique<Waiting>(std::move(one));
    const auto place = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](const auto& each) { return each->until_ns > kept->until_ns; });
    waiting_.insert(place, std::move(kept));
  }

  // Closed by its owner, without an answer: that is all that the protocol has for it.
  void refuse(const Waiting& one, const std::string& why) { acceptor_.refuse(one.who, why); }

  void arm() noexcept { acceptor_.arm(waiting_.empty() ? 0 : waiting_.front()->until_ns); }

  const std::shared_ptr<Room> room_;
  Acceptor acceptor_;
  PortHost* host_ = nullptr;
  std::vector<WaitingPtr> waiting_;  // the oldest first
};

}  // namespace

Result<std::unique_ptr<Port>> make_switch_port(const Config& config) {
  SwitchOptions options;
  auto socket = config.text("socket");
  if (!socket) return socket.error();
  options.socket = std::move(socket.value());
  auto who = read_unix_access(config);
  if (!who) return who.error();
  options.access = who.value();
  auto clients = config.integer("clients", 1, kMostClients);
  if (!clients) return clients.error();
  options.clients = static_cast<uint32_t>(clients.value());
  auto message = read_frame_options(config);
  if (!message) return message.error();
  options.message = message.value();
  return std::unique_ptr<Port>(std::make_unique<SwitchPort>(std::move(options)));
}

}  // namespace ethercast
