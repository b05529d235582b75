#include "ports/switch.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "engine/datagram_reader.h"
#include "engine/datagram_sender.h"
#include "engine/descriptor_reserve.h"
#include "engine/unix_datagram.h"
#include "engine/unix_socket.h"
#include "ports/codec/daemon_control.h"

namespace ethercast {

namespace {

constexpr int kBacklog = 1024;
// Connections taken a readiness: fairness between ports.
constexpr int kAcceptedAtOnce = 16;
// Clients send their request in the moment they connect. Of those that don't yet, so many may wait, so long.
constexpr size_t kMostWaiting = 64;
constexpr uint64_t kRequestWithin_ns = 5'000'000'000;
// How often the newest refusal is told, and whether there are descriptors again is looked at.
constexpr uint64_t kTellEvery_ns = 1'000'000'000;
constexpr uint64_t kLookEvery_ns = 250'000'000;

struct SwitchOptions {
  std::string socket;
  UnixAccess access{};
  uint32_t clients = 0;
  MessageOptions message{};
};

// What a listener and its clients share. The last of them ends it.
struct Room {
  explicit Room(SwitchOptions given) : options(std::move(given)) { reader.count_no_kernel_drops(); }
  const SwitchOptions options;
  DatagramReader reader;  // for all: only one reads at a time
  uint32_t clients = 0;
};

// What has connected, and what it has sent so far.
struct Waiting {
  Fd control;
  PeerCredentials who;
  uint64_t until_ns = 0;
  size_t got = 0;
  std::array<uint8_t, kMostDaemonRequest> octets;
};

// One client: its control stream, and a data socket of its own that is connected to the client's. So nobody
// else's frames get in, whoever knows the socket's name, and a full queue holds up nobody else.
class ClientPort final : public Port, SenderJudge, SendRecovery {
 public:
  ClientPort(std::shared_ptr<Room> room, Waiting& waiting, DaemonRequest request)
      : room_(std::move(room)),
        control_(std::move(waiting.control)),
        who_(waiting.who),
        padding_(kDaemonRequest - std::min(waiting.got, kDaemonRequest)),
        request_(std::move(request)) {
    ++room_->clients;
  }
  ~ClientPort() override {
    close();
    --room_->clients;
  }

  Caps caps() const noexcept override { return {.max_frame = room_->options.message.max_frame}; }

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
    host.note("client", who_.text());
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
    const int why =
        path ? connect_owned(data_.get(), *path, who_.uid) : connect_whole(data_.get(), request_.address);
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
  Fd control_, data_;
  const PeerCredentials who_;
  size_t padding_;  // octets that may still come
  const DaemonRequest request_;
  PortHost* host_ = nullptr;
  std::optional<DatagramSender> sender_;
  bool refused_ = false;
  bool left_ = false;
};

class SwitchPort final : public Port {
 public:
  explicit SwitchPort(SwitchOptions options) : room_(std::make_shared<Room>(std::move(options))) {}
  ~SwitchPort() override { close(); }

  Caps caps() const noexcept override {
    return {.max_frame = room_->options.message.max_frame, .listener = true};
  }

  Result<> open(PortHost& host) override {
    host_ = &host;
    auto made = unix_socket(SOCK_STREAM);
    if (!made) return made.error();
    listener_ = std::move(made.value());
    auto name = UnixName::bind(listener_.get(), SOCK_STREAM, room_->options.socket, room_->options.access);
    if (!name) return name.error();
    name_ = std::move(name.value());
    if (name_.replaced_stale())
      host.note("replaced", "a socket that a program left there when it was killed");
    if (listen(listener_.get(), kBacklog) != 0) {
      return Error::os(errno, "listen", room_->options.socket + ": can't listen there");
    }
    reserve_.keep();
    return host.watch(listener_.get(), EPOLLIN);
  }

  void on_ready(int fd, uint32_t) override {
    if (fd == listener_.get()) {
      accept_some();
    } else {
      const auto one = std::find_if(waiting_.begin(), waiting_.end(),
                                    [fd](const auto& each) { return each->control.get() == fd; });
      if (one != waiting_.end()) hear(*take(one));
    }
    arm();
  }

  void on_timer(uint64_t now_ns) override {
    while (!waiting_.empty() && waiting_.front()->until_ns <= now_ns) {
      refuse(*take(waiting_.begin()), "it connected, and said nothing");
    }
    if (short_of_descriptors_ && look_at_ns_ <= now_ns) look_for_descriptors();
    if (untold_) tell_refusal();
    arm();
  }

  TxResult transmit(const FrameBatch&, Picks) noexcept override { return {}; }

  void close() noexcept override {
    if (host_ == nullptr) return;
    for (const auto& each : waiting_) host_->unwatch(each->control.get());
    waiting_.clear();
    if (listener_) host_->unwatch(listener_.get());
    name_.remove();
    listener_.reset();
    reserve_.release();
    host_ = nullptr;
  }

 private:
  using WaitingPtr = std::unique_ptr<Waiting>;
  using Place = std::vector<WaitingPtr>::iterator;

  // ---- clients that come

  void accept_some() {
    for (int i = 0; i < kAcceptedAtOnce; ++i) {
      auto one = std::make_unique<Waiting>();
      one->control = Fd(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!one->control) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        const int why = errno;
        if (!DescriptorReserve::is_shortage(why)) return;
        run_short(why);
        if (reserve_.turn_away(listener_.get())) {
          count_refusal({}, "no descriptors left");
          continue;
        }
        host_->unwatch(listener_.get());  // until there are some again
        return;
      }
      one->who = peer_credentials(one->control.get());
      // The one that has been silent for longest makes room: who means it sends at once.
      if (waiting_.size() == kMostWaiting)
        refuse(*take(waiting_.begin()), "too many connected, and said nothing");
      one->until_ns = host_->now_ns() + kRequestWithin_ns;
      if (host_->watch(one->control.get(), EPOLLIN)) waiting_.push_back(std::move(one));
    }
  }

  WaitingPtr take(Place place) {
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
    if (room_->clients >= room_->options.clients) {
      return refuse(one, "there are " + std::to_string(room_->clients) + " clients already: raise clients=");
    }
    const PeerCredentials who = one.who;
    std::string name = "switch,,unix," + room_->options.socket + " client " + std::to_string(++last_client_) +
                       " (" + who.text() + ")";
    auto client = std::make_unique<ClientPort>(room_, one, std::move(request));
    if (auto adopted = host_->adopt(std::move(client), std::move(name)); !adopted) {
      if (DescriptorReserve::is_shortage(adopted.error().os_errno)) run_short(adopted.error().os_errno);
      count_refusal(who, adopted.error().message);
    }
  }

  void wait_on(Waiting& one) {
    if (!host_->watch(one.control.get(), EPOLLIN)) return;
    auto kept = std::make_unique<Waiting>(std::move(one));
    const auto place = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](const auto& each) { return each->until_ns > kept->until_ns; });
    waiting_.insert(place, std::move(kept));
  }

  // ---- those that are not taken

  // Closed by its owner, without an answer: that is all that the protocol has for it.
  void refuse(const Waiting& one, const std::string& why) { count_refusal(one.who, why); }

  void count_refusal(const PeerCredentials& who, const std::string& why) {
    host_->counters().refused_clients.add(1);
    last_refusal_ = who.text() + ": " + why;
    untold_ = true;
    if (host_->now_ns() >= tell_at_ns_) tell_refusal();
  }
  // Not each of them: whoever may connect could keep JavaScript busy.
  void tell_refusal() {
    if (host_->now_ns() < tell_at_ns_) return;
    untold_ = false;
    tell_at_ns_ = host_->now_ns() + kTellEvery_ns;
    host_->note("refused_last", last_refusal_);
  }

  // ---- when descriptors run out

  void run_short(int os_errno) {
    host_->counters().last_errno.set(static_cast<uint64_t>(os_errno));
    look_at_ns_ = host_->now_ns() + kLookEvery_ns;
    if (short_of_descriptors_) return;
    short_of_descriptors_ = true;
    host_->report({PortState::degraded, "descriptors",
                   room_->options.socket + ": no descriptors for more clients: raise the limit (ulimit -n)",
                   os_errno});
  }

  // A client takes two.
  void look_for_descriptors() {
    if (!reserve_.has(2, listener_.get()) || !host_->watch(listener_.get(), EPOLLIN)) {
      look_at_ns_ = host_->now_ns() + kLookEvery_ns;
      return;
    }
    short_of_descriptors_ = false;
    host_->report({PortState::up, "descriptors", room_->options.socket + ": takes clients again", 0});
  }

  void arm() {
    uint64_t next = waiting_.empty() ? 0 : waiting_.front()->until_ns;
    const auto sooner = [&](bool wanted, uint64_t at_ns) {
      if (wanted && (next == 0 || at_ns < next)) next = at_ns;
    };
    sooner(short_of_descriptors_, look_at_ns_);
    sooner(untold_, tell_at_ns_);
    host_->arm(next);
  }

  const std::shared_ptr<Room> room_;
  PortHost* host_ = nullptr;
  Fd listener_;
  DescriptorReserve reserve_;
  UnixName name_;
  std::vector<WaitingPtr> waiting_;  // the oldest first
  uint64_t last_client_ = 0;
  std::string last_refusal_;
  bool untold_ = false;
  uint64_t tell_at_ns_ = 0;
  bool short_of_descriptors_ = false;
  uint64_t look_at_ns_ = 0;
};

}  // namespace

Result<std::unique_ptr<Port>> make_switch_port(const Config& config) {
  SwitchOptions options;
  auto socket = config.text("socket");
  if (!socket) return socket.error();
  options.socket = std::move(socket.value());
  Config access;
  for (const char* const key : {"mode", "group"}) {
    if (!config.has(key)) continue;
    auto text = config.text(key);
    if (!text) return text.error();
    if (std::string(key) != "mode" || text.value() != "umask") access.set(key, std::move(text.value()));
  }
  auto who = read_unix_access(access);
  if (!who) return who.error();
  options.access = who.value();
  auto clients = config.integer("clients", 1, 65535);
  if (!clients) return clients.error();
  options.clients = static_cast<uint32_t>(clients.value());
  auto message = read_message_options(config);
  if (!message) return message.error();
  options.message = message.value();
  return std::unique_ptr<Port>(std::make_unique<SwitchPort>(std::move(options)));
}

}  // namespace ethercast
