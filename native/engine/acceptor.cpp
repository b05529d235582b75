#include "engine/acceptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "engine/clock.h"
#include "engine/stream_socket.h"

namespace ethercast {

namespace {
// Clients of a readiness: the other ports have their turn in between.
constexpr int kAtOnce = 16;
// How often the newest refusal is told, and whether there are descriptors again is looked at.
constexpr uint64_t kTellEvery_ns = kNsPerSecond;
constexpr uint64_t kLookEvery_ns = kNsPerSecond / 4;
}  // namespace

Result<> Acceptor::open(PortHost& host, Listening listening) {
  host_ = &host;
  socket_ = std::move(listening);
  host.note("listens_on", socket_.where);
  if (socket_.name.replaced_stale()) host.note("stale_socket", "replaced");
  if (options_.without == WithoutDescriptors::turn_away) reserve_.keep();
  return host.watch(fd(), EPOLLIN);
}

void Acceptor::accept(AcceptorClients& clients) {
  accept_some(clients);
  arm();
}

void Acceptor::on_timer(AcceptorClients& clients) {
  if (short_ && look_at_ns_ <= host_->now_ns()) look(clients);
  if (untold_) tell_refusal();
  arm();
}

void Acceptor::arm(uint64_t other_ns) noexcept {
  uint64_t next = other_ns;
  const auto sooner = [&](bool wanted, uint64_t at_ns) {
    if (wanted && (next == 0 || at_ns < next)) next = at_ns;
  };
  sooner(short_, look_at_ns_);
  sooner(untold_, tell_at_ns_);
  host_->arm(next);
}

void Acceptor::accept_some(AcceptorClients& clients) {
  for (int i = 0; i < kAtOnce; ++i) {
    Fd client(accept4(fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client) {
      std::string who = stream_peer(client.get());
      clients.take(std::move(client), std::move(who));
      continue;
    }
    if (errno == EAGAIN) return;
    // Anything else is the end of one that went before it was taken (accept(2)).
    if (!DescriptorReserve::is_shortage(errno)) continue;
    run_short(errno);
    const int why = turn_away();
    if (why == 0) continue;
    // A client that can't be accepted would make it ready again and again.
    if (why != EAGAIN) (void)host_->watch(fd(), 0);  // a change of what is watched already
    return;
  }
}

int Acceptor::turn_away() {
  if (options_.without != WithoutDescriptors::turn_away) return EMFILE;
  Fd client = reserve_.accept(fd());
  const int why = client ? 0 : errno;
  if (client) refuse(stream_peer(client.get()), "no descriptors left");
  client.reset();
  reserve_.keep();
  return why;
}

void Acceptor::close() noexcept {
  if (socket_.fd) host_->unwatch(fd());
  socket_.name.remove();
  socket_.fd.reset();
  reserve_.release();
}

// ---- places

std::optional<Seat> Acceptor::seat_for(const std::string& who) {
  if (*taken_ < options_.clients) return Seat(taken_);
  refuse(who, "there are " + std::to_string(*taken_) + " clients already: raise clients=");
  return std::nullopt;
}

void Acceptor::adopt(std::unique_ptr<Port> client, const std::string& who) {
  const std::string name = options_.spec + " client " + std::to_string(++last_client_) + " (" + who + ")";
  const auto adopted = host_->adopt(std::move(client), name);
  if (adopted) return;
  const Error& why = adopted.error();
  if (DescriptorReserve::is_shortage(why.os_errno)) run_short(why.os_errno);
  refuse(who, why.message);
}

void Acceptor::refuse(const std::string& who, const std::string& why) {
  host_->counters().refused_clients.add(1);
  last_refusal_ = who + ": " + why;
  untold_ = true;
  tell_refusal();
}

void Acceptor::tell_refusal() {
  if (host_->now_ns() < tell_at_ns_) return;
  untold_ = false;
  tell_at_ns_ = host_->now_ns() + kTellEvery_ns;
  host_->note("refused_last", last_refusal_);
}

// ---- descriptors

void Acceptor::run_short(int os_errno) {
  host_->counters().last_errno.set(static_cast<uint64_t>(os_errno));
  look_at_ns_ = host_->now_ns() + kLookEvery_ns;
  if (short_) return;
  short_ = true;
  const bool waits = options_.without == WithoutDescriptors::wait;
  std::string message = socket_.where;
  message += os_errno == EMFILE ? ": no descriptor is left for another client, which "
                                : ": the system has nothing left for another client, which ";
  message += waits ? "waits" : "is turned away";
  if (os_errno == EMFILE) message += ": raise the limit (ulimit -n)";
  host_->report({PortState::degraded, "descriptors", std::move(message), os_errno});
}

// Without a descriptor the kernel says so even if nobody waits.
void Acceptor::look(AcceptorClients& clients) {
  const uint64_t now_ns = host_->now_ns();
  const bool spare = options_.without == WithoutDescriptors::wait || reserve_.has(options_.descriptors, fd());
  look_at_ns_ = spare ? now_ns : now_ns + kLookEvery_ns;
  if (!spare) return;
  accept_some(clients);
  if (look_at_ns_ > now_ns) return;  // none for one of those
  short_ = false;
  (void)host_->watch(fd(), EPOLLIN);
  host_->report({PortState::up, "descriptors", socket_.where + ": clients are taken again", 0});
}

}  // namespace ethercast
