#include "ports/slirp.h"

#include <sys/epoll.h>

#include "engine/ip_line_port.h"
#include "engine/ip_options.h"
#include "engine/process.h"

namespace ethercast {

namespace {

// UML's SLIRP_MAX_ARGS, without the program itself.
constexpr size_t kMostArguments = 99;
// A program that lasted as long was no failure: the next try is soon.
constexpr uint64_t kLasted_ns = 10'000'000'000;
// From the end of its line until it is killed, should it not go by itself.
constexpr uint64_t kGrace_ns = 1'000'000'000;

constexpr uint8_t kSlirpNet = 30;

struct SlirpOptions {
  IpLineOptions ip;
  ProcessOptions process;
  bool reconnect = true;
};

class SlirpPort final : public IpLinePort {
 public:
  explicit SlirpPort(SlirpOptions options) : IpLinePort(options.ip), options_(std::move(options)) {}
  ~SlirpPort() override { close(); }

  Result<> open(PortHost& host) override {
    begin(host);
    return start();
  }

  void on_ready(int fd, uint32_t events) override {
    if (fd == process_.said_fd()) {
      listen();
    } else if (fd == process_.over_fd()) {
      over();
    } else {
      settle(line_->on_ready(fd, events));
    }
    rearm();
  }

  void on_timer(uint64_t now_ns) override {
    settle(line_->on_timer(now_ns));
    // The kill while it runs, else the next start.
    if (take_due(now_ns)) {
      if (process_.is_running()) {
        process_.kill();  // over() comes next
      } else if (auto started = start(); started) {
        host_->counters().reconnects.add(1);
        host_->report({PortState::up, "up", name() + " runs again", 0});
      } else {
        try_later();
      }
    }
    rearm();
  }

  void close() noexcept override {
    if (host_ == nullptr) return;
    if (line_) line_->leave(TxDrop::closed);
    unwatch();
    process_.end();
    host_ = nullptr;
  }

 private:
  const std::string& name() const noexcept { return options_.process.arguments[0]; }

  bool is_plain_slirp() const noexcept { return name() == "slirp" || name().ends_with("/slirp"); }

  Result<> start() {
    if (auto started = process_.start(options_.process); !started) return started;
    started_ns_ = host_->now_ns();
    host_->note("program", name());
    host_->note("pid", std::to_string(process_.pid()));
    for (const int fd : {process_.said_fd(), process_.over_fd()}) {
      if (auto watched = host_->watch(fd, EPOLLIN); !watched) return watched;
    }
    return line_->use(process_.line(), process_.line());
  }

  void unwatch() noexcept {
    for (const int fd : {process_.said_fd(), process_.over_fd()}) {
      if (fd >= 0) host_->unwatch(fd);
    }
  }

  void listen() {
    if (process_.listen()) return;
    host_->unwatch(process_.said_fd());
    process_.stop_listening();
  }

  // Its line is broken: it ends now, or is made to.
  void settle(int why) {
    if (why == 0 || !line_->has_line()) return;
    line_->leave(TxDrop::no_peer);
    process_.hang_up();
    if (process_.is_running()) due_ns_ = host_->now_ns() + kGrace_ns;
  }

  void over() {
    // What it said last may not have been read yet.
    if (process_.said_fd() >= 0) listen();
    unwatch();
    line_->leave(TxDrop::no_peer);
    const std::string how = process_.reap();
    const std::string words = process_.last_words();
    std::string message = name() + " " + how + (words.empty() ? "" : "; it said: " + words);
    if (is_plain_slirp() && how == "ended with exit status 1") {
      message += "; Debian's plain slirp takes no socket: give slirp-fullbolt as the program";
    }
    process_.end();
    due_ns_ = 0;
    if (!options_.reconnect) {
      host_->report({PortState::closed, "ended", std::move(message), 0});
      return;
    }
    if (host_->now_ns() - started_ns_ >= kLasted_ns) backoff_.reset();
    try_later();
    host_->report({PortState::reconnecting, "ended", std::move(message), 0});
  }

  const SlirpOptions options_;
  Process process_;
  uint64_t started_ns_ = 0;
};

}  // namespace

Result<std::unique_ptr<Port>> make_slirp_port(const Config& config) {
  SlirpOptions options;
  auto ip = read_ip_line_options(config);
  if (!ip) return ip.error();
  options.ip = ip.value();
  IpEdgeOptions& edge = options.ip.edge;
  // Never learned: what the program sends comes from the whole Internet. Of its own net a slirp has the first
  // four: its control address, its exec address, its host and its DNS.
  if (!edge.has_peer) {
    edge.peer = {edge.address.address, kSlirpNet};
    edge.has_peer = true;
  }
  options.process.environment = own_environment();
  options.process.path = own_search_path();
  if (config.has("program")) {
    auto program = config.text("program");
    if (!program) return program.error();
    options.process.arguments.push_back(program.value());
  } else {
    // Debian's plain slirp takes no socket, and ends without a word.
    const bool bolt = find_program("slirp-fullbolt", options.process.path).ok();
    options.process.arguments.emplace_back(bolt ? "slirp-fullbolt" : "slirp");
  }
  if (config.has("args")) {
    auto args = config.texts("args");
    if (!args) return args.error();
    if (args.value().size() > kMostArguments) {
      return Error::bad_field(
          "args", "args has " + std::to_string(args.value().size()) + " arguments: allowed are at most 99");
    }
    for (std::string& each : args.value()) options.process.arguments.push_back(std::move(each));
  }
  for (const std::string& each : options.process.arguments) {
    if (each.empty() && &each == &options.process.arguments[0]) {
      return Error::bad_field("program", "program is empty: give its name or path");
    }
    if (each.find('\0') != std::string::npos) {
      return Error::bad_field("args", "an argument has a NUL octet, which no argument can");
    }
  }
  if (auto read = config.flag_into("reconnect", options.reconnect); !read) return read.error();
  return std::unique_ptr<Port>(std::make_unique<SlirpPort>(std::move(options)));
}

}  // namespace ethercast
