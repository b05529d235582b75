#include "ports/daemon.h"

#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "core/backoff.h"
#include "engine/datagram_reader.h"
#include "engine/datagram_sender.h"
#include "engine/frame_options.h"
#include "engine/unix_datagram.h"
#include "engine/unix_socket.h"
#include "ports/codec/daemon_control.h"

namespace ethercast {

namespace {

// Where UML kernels look, Debian's and those built as the source has it.
constexpr const char* kUsualSockets[] = {"/var/run/uml-utilities/uml_switch.ctl", "/tmp/uml.ctl"};
// A switch answers at once, or not at all: uml_switch is silent towards versions that it does not know.
constexpr uint64_t kAnswerWithin_ns = 2'000'000'000;
// A registration that has lasted as long was a success, and the next search starts quickly again.
constexpr uint64_t kLasted_ns = Backoff::kLongest_ns;

struct DaemonOptions {
  std::string socket;  // empty: the usual ones
  bool reconnect = true;
  bool wait = false;
  FrameOptions message{};
};

class DaemonPort final : public Port, SenderJudge, SendRecovery {
 public:
  explicit DaemonPort(DaemonOptions options) : options_(std::move(options)) {
    reader_.count_no_kernel_drops();
  }
  ~DaemonPort() override { close(); }

  Caps caps() const noexcept override { return {.max_frame = options_.message.max_frame, .shallow = true}; }

  Result<> open(PortHost& host) override {
    host_ = &host;
    sender_.emplace(host, static_cast<SendRecovery&>(*this), false);
    if (options_.message.mtu != 0) host.tell_path_mtu(options_.message.mtu);
    if (auto asked = ask(); !asked) {
      if (!options_.wait) return asked;
      search_later(asked.error());
    }
    // The answer comes later, even if the switch is there.
    host.report({PortState::opening, "registering", "asks " + where() + " for a port", 0});
    return {};
  }

  void on_ready(int fd, uint32_t events) override {
    if (fd == control_.get()) return hear();
    if (fd != data_.get() || phase_ != Phase::up) return;
    if ((events & EPOLLOUT) != 0) sender_->flush();
    if ((events & (EPOLLIN | EPOLLERR)) != 0) reader_.receive(fd, *host_, *this);
    leave_if_refused();
  }

  void on_timer(uint64_t) override {
    switch (phase_) {
      case Phase::absent:
        if (auto asked = ask(); !asked) search_later(asked.error());
        break;
      case Phase::asking:
        failed(Error::os(ETIMEDOUT, "read",
                         where() + ": connected, but it did not answer: it speaks another version of the "
                                   "protocol than 3, or is no switch"));
        break;
      case Phase::up:
        sender_->flush();
        leave_if_refused();
        break;
    }
  }

  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    if (phase_ == Phase::up) {
      const TxResult result = sender_->transmit(batch, picks);
      leave_if_refused();
      return result;
    }
    const auto frames = static_cast<uint32_t>(picks.size());
    host_->counters().drop(TxDrop::no_peer, frames);
    return {0, 0, frames};
  }

  void close() noexcept override {
    if (host_ == nullptr) return;
    if (sender_) sender_->close();
    forget();
    host_ = nullptr;
  }

 private:
  enum class Phase : uint8_t { absent, asking, up };

  // ---- registering

  // Opens both sockets and sends the request. The answer, or its absence, comes as an event.
  Result<> ask() {
    auto path = find_socket();
    if (!path) return path.error();
    path_ = std::move(path.value());
    auto control = unix_socket(SOCK_STREAM);
    if (!control) return control.error();
    if (auto connected = unix_connect(control.value().get(), path_); !connected) return connected;
    auto data = message_socket(*host_, options_.message);
    if (!data) return data.error();
    const auto name = bind_abstract(data.value().get(), "ethercast-" + std::to_string(getpid()));
    if (!name) return name.error();
    // In one piece: uml_switch takes what its first read brings as the whole request.
    const auto request = build_daemon_request(abstract_daemon_address(name.value()));
    const ssize_t sent = send(control.value().get(), request.data(), request.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request.size())) {
      return Error::os(sent < 0 ? errno : EIO, "write", path_ + ": the request could not be sent");
    }
    host_->note("peer", path_ + " (" + peer_credentials(control.value().get()).text() + ")");
    control_ = std::move(control.value());
    data_ = std::move(data.value());
    answered_ = 0;
    if (auto watched = host_->watch(control_.get(), EPOLLIN); !watched) {
      forget();
      return watched;
    }
    phase_ = Phase::asking;
    host_->arm(host_->now_ns() + kAnswerWithin_ns);
    return {};
  }

  Result<std::string> find_socket() const {
    struct stat there {};
    if (!options_.socket.empty()) {
      // A folder is one of VDE's.
      const bool is_folder = stat(options_.socket.c_str(), &there) == 0 && S_ISDIR(there.st_mode);
      return is_folder ? options_.socket + "/ctl" : options_.socket;
    }
    for (const char* const usual : kUsualSockets) {
      if (stat(usual, &there) == 0) return std::string(usual);
    }
    return Error::os(ENOENT, "stat",
                     std::string("no switch daemon: neither ") + kUsualSockets[0] + " nor " +
                         kUsualSockets[1] + " is there: start one, or name its socket");
  }

  std::string where() const {
    if (!path_.empty()) return path_;
    return options_.socket.empty() ? std::string("a switch daemon") : options_.socket;
  }

  // Something on the control stream: the answer, or the end.
  void hear() {
    uint8_t more = 0;
    const bool asking = phase_ == Phase::asking;
    const bool whole = !asking || answered_ == answer_.size();
    const ssize_t got = whole
                            ? recv(control_.get(), &more, 1, 0)
                            : recv(control_.get(), answer_.data() + answered_, answer_.size() - answered_, 0);
    if (got < 0) {
      if (errno != EAGAIN && errno != EINTR) failed(Error::os(errno, "read", where() + ": connection lost"));
      return;
    }
    if (got == 0) {
      failed(asking ? Error::os(ECONNRESET, "read",
                                where() + ": closed the connection instead of answering: it gives us no port")
                    : Error::os(ECONNRESET, "read", where() + ": the switch has gone"));
      return;
    }
    if (whole) {
      failed(Error::os(EPROTO, "read", where() + ": sends what no switch sends on its control connection"));
      return;
    }
    answered_ += static_cast<size_t>(got);
    if (answered_ == answer_.size()) answered();
  }

  void answered() {
    const auto address = parse_daemon_reply(std::span<const uint8_t, kDaemonAddress>(answer_));
    if (!address) {
      return failed(Error::os(EPROTO, "read", where() + ": answered with something that is no Unix address"));
    }
    switch_ = *address;
    if (const int why = connect_whole(data_.get(), switch_); why != 0) {
      const char* const hint = why == ECONNREFUSED && !daemon_path(switch_)
                                   ? ": is it in another network namespace? Abstract names, as it uses, are "
                                     "seen in their own alone"
                                   : ": it is gone, or not for this user";
      return failed(Error::os(why, "connect", where() + ": its data socket can't be reached" + hint));
    }
    sender_->use_connected(data_.get(), EPOLLIN);
    if (auto watched = host_->watch(data_.get(), EPOLLIN); !watched) return failed(watched.error());
    phase_ = Phase::up;
    up_since_ns_ = host_->now_ns();
    host_->arm(0);
    if (was_up_) host_->counters().reconnects.add(1);
    const char* const reason = was_up_ ? "peer" : "registered";
    was_up_ = true;
    told_lost_ = false;
    host_->report({PortState::up, reason, where() + " gave us a port", 0});
  }

  // ---- losing it

  // The search for a port has failed, or the port is lost.
  void failed(const Error& why) {
    if (phase_ == Phase::up && host_->now_ns() - up_since_ns_ >= kLasted_ns) backoff_.reset();
    sender_->close(TxDrop::no_peer);
    forget();
    const char* const reason = why.os_errno == EPROTO ? "protocol" : "peer";
    if (was_up_ ? !options_.reconnect : !options_.wait) {
      host_->report({PortState::closed, reason, why.message, why.os_errno});
      return;
    }
    if (was_up_ && !told_lost_) {
      told_lost_ = true;
      host_->report({PortState::reconnecting, reason, why.message, why.os_errno});
    }
    search_later(why);
  }

  void search_later(const Error& why) {
    phase_ = Phase::absent;
    host_->note("peer", "looked for: " + why.message);
    host_->arm(host_->now_ns() + backoff_.next_ns());
  }

  void leave_if_refused() noexcept {
    if (refused_ == 0) return;
    const int why = std::exchange(refused_, 0);
    failed(Error::os(why, "send", where() + ": its data socket has gone"));
  }

  void forget() noexcept {
    for (Fd* const fd : {&control_, &data_}) {
      if (*fd) host_->unwatch(fd->get());
      fd->reset();
    }
    phase_ = Phase::absent;
    refused_ = 0;
  }

  // ---- for the reader and the sender

  // The kernel lets only the switch send here once we are connected. What came before that is judged.
  std::optional<RxDrop> judge(const SockAddr& sender) noexcept override {
    const std::span octets(reinterpret_cast<const uint8_t*>(&sender.storage), sender.length);
    if (same_daemon_address(switch_, octets)) return std::nullopt;
    return RxDrop::not_peer;
  }
  bool recover(int os_errno) noexcept override {
    if (os_errno == ECONNREFUSED || os_errno == ENOTCONN || os_errno == ECONNRESET) refused_ = os_errno;
    return false;
  }

  const DaemonOptions options_;
  PortHost* host_ = nullptr;
  Phase phase_ = Phase::absent;
  std::string path_;  // that was tried last
  Fd control_, data_;
  std::array<uint8_t, kDaemonAddress> answer_{};
  size_t answered_ = 0;  // octets of it
  DaemonAddress switch_{};
  DatagramReader reader_;
  std::optional<DatagramSender> sender_;
  Backoff backoff_;
  uint64_t up_since_ns_ = 0;
  bool was_up_ = false;
  bool told_lost_ = false;
  int refused_ = 0;  // the errno of a send that says that the switch has gone
};

}  // namespace

Result<std::unique_ptr<Port>> make_daemon_port(const Config& config) {
  DaemonOptions options;
  if (config.has("socket")) {
    auto socket = config.text("socket");
    if (!socket) return socket.error();
    options.socket = std::move(socket.value());
  }
  auto reconnect = config.flag("reconnect");
  if (!reconnect) return reconnect.error();
  options.reconnect = reconnect.value();
  auto wait = config.flag("wait");
  if (!wait) return wait.error();
  options.wait = wait.value();
  auto message = read_frame_options(config);
  if (!message) return message.error();
  options.message = message.value();
  return std::unique_ptr<Port>(std::make_unique<DaemonPort>(std::move(options)));
}

}  // namespace ethercast
