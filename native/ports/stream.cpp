#include "ports/stream.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>

#include "core/backoff.h"
#include "core/ether.h"
#include "engine/acceptor.h"
#include "engine/clock.h"
#include "engine/stream_options.h"
#include "engine/stream_socket.h"
#include "ports/codec/length_prefix.h"
#include "ports/codec/length_prefix_writer.h"

namespace ethercast {

namespace {

// Octets of a read: as many as bring about one batch. What was read is delivered whole, so a peer that sends
// many small frames at once is read in small portions from then on, for the other ports' sake.
constexpr uint32_t kFirstRead = 1 << 16;
constexpr uint32_t kLeastRead = 1 << 12;
constexpr uint32_t kMostRead = FrameBatch::kSlabSize;
constexpr uint16_t kMostFrames = FrameBatch::kMaxFrames;

constexpr uint64_t kLookForDead_ns = 10 * kNsPerSecond;
constexpr uint64_t kConnectTimeout_ns = 10 * kNsPerSecond;
// A connection that held so long was a good one: the next try comes soon again.
constexpr uint64_t kLasting_ns = kNsPerSecond;

using Options = std::shared_ptr<const StreamOptions>;

using Piece = LengthPrefixWriter::Piece;
static_assert(sizeof(Piece) == sizeof(iovec) && offsetof(Piece, octets) == offsetof(iovec, iov_len));

ssize_t send_pieces(int fd, const Piece* pieces, size_t count) noexcept {
  msghdr message{};
  // sendmsg only reads them.
  message.msg_iov = reinterpret_cast<iovec*>(const_cast<Piece*>(pieces));
  message.msg_iovlen = count;
  return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool is_full(int os_errno) noexcept {
  return os_errno == EAGAIN || os_errno == EINTR || os_errno == ENOBUFS || os_errno == ENOMEM;
}

// One connection. What its end means is the kinds' business.
class StreamPort : public Port {
 public:
  explicit StreamPort(Options options) : options_(std::move(options)), reader_(options_->max_frame) {}
  ~StreamPort() override { StreamPort::close(); }

  Caps caps() const noexcept override {
    return {.max_frame = options_->max_frame, .takes = kTakesSuperFrames, .shallow = true};
  }

  void on_ready(int fd, uint32_t events) override {
    if (fd != socket_.get() || !connected_) return;
    if ((events & EPOLLOUT) != 0) flush();
    if (connected_ && (events & ~uint32_t{EPOLLOUT}) != 0) receive();
  }

  void on_timer(uint64_t now_ns) override {
    if (!connected_) return;
    if (stream_is_dead(socket_.get())) return lost(ETIMEDOUT, "the peer gives no sign of life");
    host_->arm(now_ns + kLookForDead_ns);
  }

  TxResult transmit(const FrameBatch& batch, Picks picks) noexcept override {
    TxResult result;
    if (!connected_) {
      for (const uint16_t index : picks) result.dropped += wire_frames(batch.meta(index));
      host_->counters().drop(TxDrop::no_peer, result.dropped);
      return result;
    }
    writer_.start(batch, picks);
    while (writer_.queue().empty()) {
      if (!writer_.lay_out()) return result;
      const ssize_t sent = send_pieces(socket_.get(), writer_.pieces().data(), writer_.pieces().size());
      const int why = errno;
      if (sent < 0 && !is_full(why)) {
        result.dropped = writer_.drop_rest();
        host_->counters().drop(TxDrop::no_peer, result.dropped);
        lost(why, "sending failed");
        return result;
      }
      const auto octets = static_cast<size_t>(std::max<ssize_t>(sent, 0));
      const auto left = writer_.left(octets);
      count_sent(left.frames, left.octets);
      result.sent += left.frames;
      if (octets < writer_.laid_out()) break;
    }
    const auto queued = writer_.queue_rest();
    result.queued = queued.queued;
    result.dropped = queued.dropped;
    host_->counters().queued.add(queued.queued);
    host_->counters().drop(TxDrop::queue_full, queued.dropped);
    wait_for_room(true);
    return result;
  }

  void close() noexcept override {
    if (host_ == nullptr) return;
    drop_connection(TxDrop::closed);
    host_ = nullptr;
  }

 protected:
  // The connection is at its end; 0: the peer closed it.
  virtual void lost(int os_errno, const std::string& why) noexcept = 0;

  Result<> established() {
    if (auto watched = host_->watch(socket_.get(), EPOLLIN); !watched) return watched;
    const bool tcp = !options_->address.is_path();
    tune_stream(*host_, socket_.get(), tcp, options_->buffer);
    host_->note("peer", stream_peer(socket_.get()));
    connected_ = true;
    since_ns_ = host_->now_ns();
    // Another process of this host can't vanish without the kernel's telling.
    host_->arm(tcp ? since_ns_ + kLookForDead_ns : 0);
    return {};
  }

  void drop_connection(TxDrop why) noexcept {
    PortCounters& counters = host_->counters();
    if (why == TxDrop::no_peer && reader_.has_part()) {
      counters.rx_frames.add(1);
      counters.drop(RxDrop::bad_framing);
    }
    reader_.reset();
    counters.drop(why, writer_.queue().frames());
    counters.queued.set(0);
    writer_.queue().clear();
    if (socket_) host_->unwatch(socket_.get());
    socket_.reset();
    connected_ = waiting_ = false;
    read_octets_ = kFirstRead;
  }

  static std::string end_of(const StreamAddress& address, int os_errno, const std::string& why) {
    return address.text + ": " + (os_errno == 0 ? "the peer closed the connection" : why);
  }

  const Options options_;
  PortHost* host_ = nullptr;
  Fd socket_;
  bool connected_ = false;
  uint64_t since_ns_ = 0;

 private:
  void receive() {
    const BatchPtr batch = host_->lease();
    if (!batch) return;
    const auto places = reader_.lay_out(*batch, read_octets_);
    iovec vector[2];
    size_t used = 0;
    for (const auto& place : places) {
      if (place.octets != 0) vector[used++] = {place.at, place.octets};
    }
    const ssize_t got = readv(socket_.get(), vector, static_cast<int>(used));
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return lost(got == 0 ? 0 : errno, "the connection broke");
    reader_.filled(*batch, static_cast<size_t>(got));
    uint32_t frames = 0;
    for (;;) {
      LengthPrefixReader::Dropped dropped;
      const auto step = reader_.next(*batch, host_->wall_ns(), dropped);
      frames += count_received(*batch, dropped);
      host_->deliver(*batch);
      if (step == LengthPrefixReader::Step::done) return follow(static_cast<uint32_t>(got), frames);
      if (step == LengthPrefixReader::Step::broken) {
        host_->counters().rx_frames.add(1);
        host_->counters().drop(RxDrop::bad_framing);
        return lost(EPROTO, "the peer sent what is no frame's length: it speaks another protocol");
      }
    }
  }

  uint32_t count_received(const FrameBatch& batch, const LengthPrefixReader::Dropped& dropped) noexcept {
    PortCounters& counters = host_->counters();
    uint64_t octets = dropped.octets;
    for (const FrameMeta& meta : batch.metas()) octets += meta.length;
    const uint32_t frames = batch.size() + dropped.runts + dropped.oversize;
    counters.rx_frames.add(frames);
    counters.rx_octets.add(octets);
    if (dropped.runts != 0) counters.drop(RxDrop::runt, dropped.runts);
    if (dropped.oversize != 0) counters.drop(RxDrop::oversize, dropped.oversize);
    return frames;
  }

  void follow(uint32_t octets, uint32_t frames) noexcept {
    if (frames > kMostFrames) {
      read_octets_ = std::max(kLeastRead, octets / frames * kMostFrames);
    } else if (octets == read_octets_ && frames < kMostFrames * 3 / 4) {
      read_octets_ = std::min(kMostRead, read_octets_ * 2);
    }
  }

  void flush() noexcept {
    PrefixedQueue& queue = writer_.queue();
    while (!queue.empty()) {
      const auto front = queue.front();
      const Piece pieces[2] = {{front[0].data(), front[0].size()}, {front[1].data(), front[1].size()}};
      const ssize_t sent = send_pieces(socket_.get(), pieces, front[1].empty() ? 1 : 2);
      if (sent < 0) {
        if (!is_full(errno)) lost(errno, "sending failed");
        return;
      }
      const auto popped = queue.pop(static_cast<uint32_t>(sent));
      host_->counters().queued.subtract(popped.frames);
      count_sent(popped.frames, popped.octets);
    }
    wait_for_room(false);
  }

  void count_sent(uint32_t frames, uint64_t octets) noexcept {
    host_->counters().tx_frames.add(frames);
    host_->counters().tx_octets.add(octets);
  }

  void wait_for_room(bool wait) noexcept {
    if (wait == waiting_) return;
    waiting_ = wait;
    // A change of what is watched already, which can't fail.
    (void)host_->watch(socket_.get(), wait ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  LengthPrefixReader reader_;
  LengthPrefixWriter writer_;
  uint32_t read_octets_ = kFirstRead;
  bool waiting_ = false;  // for room to send
};

class StreamClient final : public StreamPort {
 public:
  using StreamPort::StreamPort;

  Result<> open(PortHost& host) override {
    host_ = &host;
    if (auto tried = attempt(); !tried) {
      if (!options_->wait) return tried;
      try_again(tried.error());
      host.report({PortState::opening, "peer", tried.error().message, tried.error().os_errno});
    } else if (!connected_) {
      host.report({PortState::opening, "peer", options_->address.text + ": connecting", 0});
    }
    opened_ = true;
    return {};
  }

  void on_ready(int fd, uint32_t events) override {
    if (connected_ || fd != socket_.get()) return StreamPort::on_ready(fd, events);
    auto there = stream_connected(fd, options_->address);
    if (there) there = arrive();
    if (!there) failed(there.error());
  }

  void on_timer(uint64_t now_ns) override {
    if (connected_) return StreamPort::on_timer(now_ns);
    if (socket_) return failed(stream_error(ETIMEDOUT, options_->address));
    if (auto tried = attempt(); !tried) failed(tried.error());
  }

 private:
  // Connects, or sets out to.
  Result<> attempt() {
    auto made = stream_connect(options_->address);
    if (!made) return made.error();
    socket_ = std::move(made.value().fd);
    if (made.value().connected) return arrive();
    host_->arm(host_->now_ns() + kConnectTimeout_ns);
    return host_->watch(socket_.get(), EPOLLOUT);
  }

  Result<> arrive() {
    if (auto ready = established(); !ready) return ready;
    if (opened_) {
      if (was_up_) host_->counters().reconnects.add(1);
      host_->report({PortState::up, "peer", options_->address.text + ": connected", 0});
    }
    was_up_ = true;
    return {};
  }

  void failed(const Error& error) noexcept {
    drop_connection(TxDrop::no_peer);
    if (was_up_ || options_->wait) return try_again(error);
    host_->report({PortState::closed, "peer", error.message, error.os_errno});
  }

  void try_again(const Error& error) noexcept {
    if (socket_) host_->unwatch(socket_.get());
    socket_.reset();
    host_->counters().last_errno.set(static_cast<uint64_t>(error.os_errno));
    host_->arm(host_->now_ns() + backoff_.next_ns());
  }

  void lost(int os_errno, const std::string& why) noexcept override {
    const bool lasted = host_->now_ns() - since_ns_ >= kLasting_ns;
    drop_connection(TxDrop::no_peer);
    const std::string message = end_of(options_->address, os_errno, why);
    if (!options_->reconnect) return host_->report({PortState::closed, "peer", message, os_errno});
    if (lasted) backoff_.reset();
    host_->arm(host_->now_ns() + backoff_.next_ns());
    host_->report({PortState::reconnecting, "peer", message, os_errno});
  }

  Backoff backoff_;
  bool opened_ = false;
  bool was_up_ = false;
};

// A listener's client.
class StreamGuest final : public StreamPort {
 public:
  StreamGuest(Options options, Fd fd, Seat seat) : StreamPort(std::move(options)), seat_(std::move(seat)) {
    socket_ = std::move(fd);
  }

  Result<> open(PortHost& host) override {
    host_ = &host;
    return established();
  }

 private:
  void lost(int os_errno, const std::string& why) noexcept override {
    const std::string message = end_of(options_->address, os_errno, why);
    drop_connection(TxDrop::no_peer);
    host_->report({PortState::closed, "peer", message, os_errno});
  }

  const Seat seat_;
};

class StreamListener final : public Port, AcceptorClients {
 public:
  explicit StreamListener(Options options)
      : options_(std::move(options)),
        acceptor_({.spec = "stream,listen=" + options_->address.text, .clients = options_->clients}) {}
  ~StreamListener() override { close(); }

  Caps caps() const noexcept override { return {.max_frame = options_->max_frame, .listener = true}; }

  Result<> open(PortHost& host) override {
    auto made = stream_listen(options_->address, options_->access);
    if (!made) return made.error();
    return acceptor_.open(host, std::move(made.value()));
  }
  void on_ready(int, uint32_t) override { acceptor_.accept(*this); }
  void on_timer(uint64_t) override { acceptor_.on_timer(*this); }
  TxResult transmit(const FrameBatch&, Picks) noexcept override { return {}; }
  void close() noexcept override { acceptor_.close(); }

 private:
  void take(Fd client, std::string who) override {
    acceptor_.admit(who, [&](Seat seat) {
      return std::make_unique<StreamGuest>(options_, std::move(client), std::move(seat));
    });
  }

  const Options options_;
  Acceptor acceptor_;
};

}  // namespace

Result<std::unique_ptr<Port>> make_stream_port(const Config& config) {
  auto read = read_stream_options(config);
  if (!read) return read.error();
  const bool listens = read.value().listens;
  auto options = std::make_shared<const StreamOptions>(std::move(read.value()));
  if (listens) return std::unique_ptr<Port>(std::make_unique<StreamListener>(std::move(options)));
  return std::unique_ptr<Port>(std::make_unique<StreamClient>(std::move(options)));
}

}  // namespace ethercast
