#include "engine/ip_line.h"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

namespace ethercast {

namespace {
// One read: some twenty packets of an ordinary MTU, so that a flood takes its turn with the other ports.
constexpr size_t kRead = 32 * 1024;
constexpr size_t kLongestPacket = 65535;

std::string text(uint32_t address) {
  in_addr octets{htonl(address)};
  char shown[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &octets, shown, sizeof shown);
}
std::string mac_text(Mac mac) {
  char shown[18];
  std::snprintf(shown, sizeof shown, "%02x:%02x:%02x:%02x:%02x:%02x", unsigned(mac >> 40 & 0xff),
                unsigned(mac >> 32 & 0xff), unsigned(mac >> 24 & 0xff), unsigned(mac >> 16 & 0xff),
                unsigned(mac >> 8 & 0xff), unsigned(mac & 0xff));
  return shown;
}
}  // namespace

IpLine::IpLine(PortHost& host, const IpLineOptions& options)
    : host_(host),
      options_(options),
      edge_(options.edge),
      decoder_(options.slip ? options.mtu : 0),
      read_(options.slip ? kRead : kLongestPacket) {
  host_.note("mac", mac_text(options_.edge.mac));
  host_.tell_path_mtu(options_.mtu);
}

Result<> IpLine::use(int in, int out) {
  if (auto watched = host_.watch(in, EPOLLIN); !watched) return watched;
  in_ = in;
  out_ = out;
  struct stat about {};
  is_socket_ = fstat(out, &about) == 0 && S_ISSOCK(about.st_mode);
  broken_ = 0;
  return {};
}

void IpLine::leave(TxDrop why) noexcept {
  if (!has_line()) return;
  want_room(false);
  host_.unwatch(in_);
  in_ = out_ = -1;
  decoder_.reset();
  if (const uint32_t waiting = edge_.reset(); waiting != 0) dropped(RxDrop::unresolved, waiting);
  host_.counters().drop(why, marks_.size());
  host_.counters().queued.set(0);
  marks_.clear();
  line_.clear();
  head_ = 0;
  put_ = written_ = 0;
}

int IpLine::on_ready(int fd, uint32_t events) noexcept {
  if ((events & EPOLLOUT) != 0) flush();
  if (broken_ == 0 && fd == in_ && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) return receive();
  // The way out is closed, and there is nothing to write that would show it.
  if (broken_ == 0 && fd == out_ && (events & (EPOLLHUP | EPOLLERR)) != 0) return EPIPE;
  return broken_;
}

// ---- from the far end

int IpLine::receive() noexcept {
  if (!begin_frames()) return 0;
  ssize_t got;
  do {
    got = ::read(in_, read_.data(), read_.size());
  } while (got < 0 && errno == EINTR);
  int why = 0;
  if (got < 0) {
    why = errno == EAGAIN ? 0 : errno;
  } else if (got == 0) {
    why = ENODATA;
  } else if (!options_.slip) {
    why = take_packet(got);
  } else {
    std::span<const uint8_t> octets(read_.data(), static_cast<size_t>(got));
    while (decoder_.next(octets)) edge_.from_peer(decoder_.packet(), host_.now_ns(), *this);
    if (decoder_.overlong() != overlong_) {
      dropped(RxDrop::bad_framing, static_cast<uint32_t>(decoder_.overlong() - overlong_));
      overlong_ = decoder_.overlong();
    }
    if (decoder_.bad_escapes() != 0 && !std::exchange(told_escapes_, true)) {
      host_.note("framing", "the far end sends escapes that RFC 1055 does not know: left out");
    }
  }
  end_frames();
  return why;
}

// One at a time is what a TUN device hands over; as many as are there, up to a batch.
int IpLine::take_packet(ssize_t got) noexcept {
  for (int packets = 1;; ++packets) {
    const std::span<const uint8_t> packet(read_.data(), static_cast<size_t>(got));
    if (packet.size() > options_.mtu) {
      dropped(RxDrop::oversize, 1);
    } else {
      edge_.from_peer(packet, host_.now_ns(), *this);
    }
    if (packets == FrameBatch::kMaxFrames) return 0;
    got = ::read(in_, read_.data(), read_.size());
    if (got <= 0) return got == 0 || errno == EAGAIN || errno == EINTR ? 0 : errno;
  }
}

bool IpLine::begin_frames() noexcept {
  batch_ = host_.lease();
  return static_cast<bool>(batch_);
}

void IpLine::end_frames() noexcept {
  if (!batch_) return;
  const BatchPtr batch = std::move(batch_);
  host_.deliver(*batch);
}

void IpLine::frame(std::span<const uint8_t> header, std::span<const uint8_t> packet) noexcept {
  PortCounters& counters = host_.counters();
  counters.rx_frames.add(1);
  counters.rx_octets.add(header.size() + packet.size());
  if (!batch_) return counters.drop(RxDrop::no_batch);
  if (batch_->append(header, packet, host_.wall_ns())) return;
  host_.deliver(*batch_);
  batch_->append(header, packet, host_.wall_ns());
}

void IpLine::dropped(RxDrop why, uint32_t packets) noexcept {
  host_.counters().rx_frames.add(packets);
  host_.counters().drop(why, packets);
}

void IpLine::not_learned() noexcept { host_.counters().not_learned.add(1); }

void IpLine::disputed(uint32_t address, Mac owner) noexcept {
  host_.note("disputed", text(address) + " is " + mac_text(owner) +
                             "'s on the LAN: not answered for here; give the far end another address, or "
                             "say peer=" +
                             text(address));
}

// ---- to the far end

TxResult IpLine::transmit(const FrameBatch& batch, Picks picks) noexcept {
  PortCounters& counters = host_.counters();
  TxResult result;
  const auto drop = [&](TxDrop why) {
    counters.drop(why);
    ++result.dropped;
  };
  const size_t waited = marks_.size();
  for (const uint16_t index : picks) {
    const auto octets = batch.octets(index);
    if (!has_line() || broken_ != 0) {
      drop(TxDrop::no_peer);
      continue;
    }
    std::span<const uint8_t> packet;
    switch (edge_.from_lan(octets, host_.now_ns(), packet)) {
      case FromLan::packet:
        if (packet.size() <= options_.mtu)
          send(packet, static_cast<uint32_t>(octets.size()), result);
        else
          drop(TxDrop::oversize);
        break;
      case FromLan::handled:
      case FromLan::ignored:
        counters.tx_frames.add(1);
        counters.tx_octets.add(octets.size());
        break;
      case FromLan::not_ip:
        drop(TxDrop::not_ip);
        break;
      case FromLan::other_station:
        drop(TxDrop::other_mac);
        break;
    }
  }
  flush();
  // Those of this batch are the last ones in the queue.
  const size_t more = marks_.size() > waited ? marks_.size() - waited : 0;
  result.queued = static_cast<uint32_t>(more);
  result.sent = static_cast<uint32_t>(picks.size()) - result.dropped - result.queued;
  return result;
}

void IpLine::send(std::span<const uint8_t> packet, uint32_t frame, TxResult& result) noexcept {
  PortCounters& counters = host_.counters();
  if (!options_.slip) {
    ssize_t put;
    do {
      put = ::write(out_, packet.data(), packet.size());
    } while (put < 0 && errno == EINTR);
    if (put >= 0) {
      counters.tx_frames.add(1);
      counters.tx_octets.add(frame);
      return;
    }
    ++result.dropped;
    if (errno == EAGAIN || errno == ENOBUFS) return counters.drop(TxDrop::queue_full);
    counters.last_errno.set(static_cast<uint64_t>(errno));
    if (errno == EBADFD) broken_ = errno;
    return counters.drop(TxDrop::refused);
  }
  const size_t most = slip::most_on_line(packet.size());
  if (line_.size() - head_ + most > kMostPending) flush();
  if (line_.size() - head_ + most > kMostPending) {
    ++result.dropped;
    return counters.drop(TxDrop::queue_full);
  }
  const size_t at = line_.size();
  line_.resize(at + most);
  const size_t length = slip::encode(packet, std::span(line_).subspan(at));
  line_.resize(at + length);
  put_ += length;
  marks_.push_back({put_, frame});
}

void IpLine::flush() noexcept {
  while (has_line() && broken_ == 0 && head_ < line_.size()) {
    const size_t length = line_.size() - head_;
    const ssize_t put = is_socket_ ? ::send(out_, line_.data() + head_, length, MSG_DONTWAIT | MSG_NOSIGNAL)
                                   : ::write(out_, line_.data() + head_, length);
    if (put < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) broken_ = errno;
      break;
    }
    head_ += static_cast<size_t>(put);
    written_ += static_cast<uint64_t>(put);
  }
  PortCounters& counters = host_.counters();
  while (!marks_.empty() && marks_.front().end <= written_) {
    counters.tx_frames.add(1);
    counters.tx_octets.add(marks_.front().frame);
    marks_.pop_front();
  }
  counters.queued.set(marks_.size());
  if (head_ == line_.size()) {
    line_.clear();
    head_ = 0;
  } else if (head_ > kMostPending / 2) {
    line_.erase(line_.begin(), line_.begin() + static_cast<ptrdiff_t>(head_));
    head_ = 0;
  }
  want_room(head_ < line_.size() && broken_ == 0);
}

void IpLine::want_room(bool wanted) noexcept {
  if (!has_line() || wanted == wants_room_) return;
  wants_room_ = wanted;
  if (in_ == out_) {
    (void)host_.watch(in_, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
  } else if (wanted) {
    (void)host_.watch(out_, EPOLLOUT);
  } else {
    host_.unwatch(out_);
  }
}

// ---- time

uint64_t IpLine::deadline_ns() const noexcept {
  if (edge_.has_answers() || (broken_ != 0 && has_line())) return host_.now_ns();
  return edge_.deadline_ns();
}

int IpLine::on_timer(uint64_t now_ns) noexcept {
  if (!has_line()) return 0;
  if (edge_.has_answers() || (edge_.deadline_ns() != 0 && edge_.deadline_ns() <= now_ns)) {
    begin_frames();
    edge_.answer(now_ns, *this);
    edge_.pass_time(now_ns, *this);
    end_frames();
  }
  return broken_;
}

}  // namespace ethercast
