#include "ports/slip.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "engine/ip_line_port.h"
#include "engine/ip_options.h"
#include "engine/pty.h"
#include "engine/tun_device.h"

namespace ethercast {

namespace {

enum class Line : uint8_t { pty, stdio, tun, path };

struct SlipOptions {
  IpLineOptions ip;
  Line line = Line::pty;
  std::string path;    // of Line::path
  std::string link;    // of Line::pty; empty: none
  std::string device;  // of Line::tun; empty: the next free one
  std::optional<HostAddress> host_ip;
  bool reconnect = true;
  bool wait = false;
};

// Standard input and output as a line; their flags are set back, since others may share them.
class StdioLine {
 public:
  ~StdioLine() { close(); }
  Result<> open() {
    for (const int from : {STDIN_FILENO, STDOUT_FILENO}) {
      End& end = from == STDIN_FILENO ? in_ : out_;
      end.fd.reset(fcntl(from, F_DUPFD_CLOEXEC, 3));
      end.flags = end.fd ? fcntl(end.fd.get(), F_GETFL) : -1;
      if (end.flags < 0 || fcntl(end.fd.get(), F_SETFL, end.flags | O_NONBLOCK) != 0) {
        return Error::os(errno, "fcntl", "standard input and output can't be a line: they are closed");
      }
    }
    return {};
  }
  void close() noexcept {
    for (End* end : {&out_, &in_}) {
      if (end->fd && end->flags >= 0) (void)fcntl(end->fd.get(), F_SETFL, end->flags);
      end->fd.reset();
    }
  }
  int in() const noexcept { return in_.fd.get(); }
  int out() const noexcept { return out_.fd.get(); }

 private:
  struct End {
    Fd fd;
    int flags = -1;
  };
  End in_, out_;
};

class SlipPort final : public IpLinePort {
 public:
  explicit SlipPort(SlipOptions options) : IpLinePort(options.ip), options_(std::move(options)) {}
  ~SlipPort() override { close(); }

  Result<> open(PortHost& host) override {
    begin(host);
    switch (options_.line) {
      case Line::pty:
        return open_pty();
      case Line::stdio:
        if (auto opened = stdio_.open(); !opened) return opened;
        return use(stdio_.in(), stdio_.out());
      case Line::tun:
        if (auto opened = tun_.open(options_.device, *options_.host_ip, options_.ip.mtu); !opened) {
          return opened;
        }
        host.note("device", tun_.name());
        return use(tun_.fd(), tun_.fd());
      case Line::path:
        break;
    }
    host.note("line", options_.path);
    auto opened = open_path();
    if (opened || !options_.wait || opened.error().code != Errc::os) return opened;
    host.report({PortState::opening, "waiting", opened.error().message, opened.error().os_errno});
    try_later();
    rearm();
    return {};
  }

  void on_ready(int fd, uint32_t events) override {
    if (fd == pty_.opening_fd()) {
      pty_.read_openings();
      look_for_peer();
    } else {
      settle(line_->on_ready(fd, events));
    }
    rearm();
  }

  void on_timer(uint64_t now_ns) override {
    settle(line_->on_timer(now_ns));
    if (take_due(now_ns)) {
      const bool again = was_up_;  // of what is to come open_path() tells
      if (auto opened = open_path(); opened) {
        if (again) host_->counters().reconnects.add(1);
        up("the line is there");
      } else {
        try_later();
      }
    }
    rearm();
  }

  void close() noexcept override {
    if (host_ == nullptr) return;
    if (line_) line_->leave(TxDrop::closed);
    if (pty_.opening_fd() >= 0) host_->unwatch(pty_.opening_fd());
    link_.remove();
    pty_.close();
    found_.close();
    stdio_.close();
    tun_.close();
    host_ = nullptr;
  }

 private:
  Result<> use(int in, int out) {
    auto used = line_->use(in, out);
    if (!used && used.error().os_errno == EPERM) {
      return Error::os(EPERM, "epoll_ctl",
                       "standard input is a file or /dev/null, not a line: run this where a program has "
                       "its end of a pair of sockets, pipes or a pty there");
    }
    was_up_ = used.ok();
    return used;
  }

  Result<> open_pty() {
    if (auto opened = pty_.open(); !opened) return opened;
    host_->note("line", pty_.path());
    if (!options_.link.empty()) {
      auto made = PtyLink::make(options_.link, pty_.path());
      if (!made) return made.error();
      link_ = std::move(made.value());
      host_->note("link", options_.link);
    }
    if (auto watched = host_->watch(pty_.opening_fd(), EPOLLIN); !watched) return watched;
    alone();
    return {};
  }

  Result<> open_path() {
    found_.close();
    if (auto opened = found_.open(options_.path); !opened) return opened;
    host_->note("line_kind", found_.kind());
    return use(found_.fd(), found_.fd());
  }

  void look_for_peer() {
    if (line_->has_line() || !pty_.has_peer()) return;
    pty_.make_raw();
    const bool again = was_up_;
    if (!use(pty_.fd(), pty_.fd())) return;
    if (again) host_->counters().reconnects.add(1);
    up("somebody has opened " + pty_.path());
  }

  void up(std::string message) {
    backoff_.reset();
    host_->report({PortState::up, "up", std::move(message), 0});
  }

  void alone() {
    host_->report({PortState::degraded, "no_peer",
                   "nobody has opened " + (options_.link.empty() ? pty_.path() : options_.link) + " yet", 0});
  }

  // 0, or why the line is broken.
  void settle(int why) {
    if (why == 0 || !line_->has_line()) return;
    line_->leave(TxDrop::no_peer);
    switch (options_.line) {
      case Line::pty:
        pty_.flush();
        alone();
        look_for_peer();  // it may be back already: then nobody tells of it again
        return;
      case Line::stdio:
        host_->report({PortState::closed, "end", "standard input has ended", why == ENODATA ? 0 : why});
        return;
      case Line::tun:
        host_->report({PortState::closed, "deleted", "the device " + tun_.name() + " was deleted", why});
        return;
      case Line::path:
        break;
    }
    found_.close();
    const std::string message = "the line " + options_.path + " is gone: " +
                                (why == ENODATA ? "its other end was closed" : std::strerror(why));
    if (!options_.reconnect) {
      host_->report({PortState::closed, "gone", message, why == ENODATA ? 0 : why});
      return;
    }
    host_->report({PortState::reconnecting, "gone", message, why == ENODATA ? 0 : why});
    try_later();
  }

  const SlipOptions options_;
  Pty pty_;
  PtyLink link_;
  FoundLine found_;
  StdioLine stdio_;
  TunDevice tun_;
  bool was_up_ = false;
};

Result<> read_line(const Config& config, SlipOptions& options) {
  if (config.has("line")) {
    auto line = config.text("line");
    if (!line) return line.error();
    const std::string& word = line.value();
    options.line = word == "pty"     ? Line::pty
                   : word == "stdio" ? Line::stdio
                   : word == "tun"   ? Line::tun
                                     : Line::path;
    options.path = word;
  }
  for (const auto& [key, text] : {std::pair("link", &options.link), std::pair("device", &options.device)}) {
    if (!config.has(key)) continue;
    auto value = config.text(key);
    if (!value) return value.error();
    *text = value.value();
  }
  for (const auto& [key, flag] :
       {std::pair("reconnect", &options.reconnect), std::pair("wait", &options.wait)}) {
    if (auto read = config.flag_into(key, *flag); !read) return read.error();
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Port>> make_slip_port(const Config& config) {
  SlipOptions options;
  auto ip = read_ip_line_options(config);
  if (!ip) return ip.error();
  options.ip = ip.value();
  if (auto read = read_line(config, options); !read) return read.error();
  // Its number may be another user's terminal by the time it could be looked for again.
  if (options.path.starts_with("/dev/pts/")) options.reconnect = false;
  if (options.line == Line::tun) {
    if (!config.has("hostIp"))
      return Error::bad_field("hostIp", "hostIp is missing: line=tun gives it to the device");
    auto host_ip = parse_host_address("hostIp", config.text("hostIp").value());
    if (!host_ip) return host_ip.error();
    options.host_ip = host_ip.value();
    // The far end is this host, which has that address and answers for no other.
    options.ip.slip = false;
    options.ip.edge.peer = {options.ip.edge.address.address, 32};
    options.ip.edge.has_peer = true;
  }
  return std::unique_ptr<Port>(std::make_unique<SlipPort>(std::move(options)));
}

}  // namespace ethercast
