// The acceptor alone: who is taken under which name, who is refused and how that is told, and what it does
// without descriptors.
#include "engine/acceptor.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <list>
#include <memory>
#include <vector>

#include "engine/stream_socket.h"
#include "test/support/fake_host.h"
#include "test/support/listener_rig.h"
#include "test/support/tcp.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

// A client that does nothing but have its seat.
class SeatedPort final : public Port {
 public:
  SeatedPort(Fd fd, Seat seat) : fd_(std::move(fd)), seat_(std::move(seat)) {}
  Caps caps() const noexcept override { return {}; }
  Result<> open(PortHost&) override { return {}; }
  void on_ready(int, uint32_t) override {}
  void on_timer(uint64_t) override {}
  TxResult transmit(const FrameBatch&, Picks) noexcept override { return {}; }
  void close() noexcept override { fd_.reset(); }

 private:
  Fd fd_;
  const Seat seat_;
};

struct Bench final : AcceptorClients {
  FakeHost host;
  Acceptor acceptor;

  Bench(Listening listening, uint32_t clients, WithoutDescriptors without = WithoutDescriptors::wait)
      : acceptor({.spec = "test", .clients = clients, .without = without}) {
    host.now = monotonic_ns();
    REQUIRE(acceptor.open(host, std::move(listening)).ok());
  }
  ~Bench() { acceptor.close(); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void take(Fd client, std::string who) override {
    acceptor.admit(
        who, [&](Seat seat) { return std::make_unique<SeatedPort>(std::move(client), std::move(seat)); });
  }
  bool breathe(int timeout_ms = 0) {
    host.now = monotonic_ns();
    bool ready = false;
    for (const Ready& event : host.wait(timeout_ms)) {
      REQUIRE(static_cast<int>(event.tag) == acceptor.fd());
      acceptor.accept(*this);
      ready = true;
    }
    return ready;
  }
  // As if time had passed until the acceptor wants to be called.
  void pass_time() {
    REQUIRE(host.deadline != 0);
    host.now = std::max(host.now, host.deadline);
    acceptor.on_timer(*this);
  }
  uint64_t refused() { return host.counters().refused_clients.get(); }
};

Listening at_path(const std::string& path) {
  return std::move(unix_listen(SOCK_SEQPACKET, path, UnixAccess{.mode = 0600, .group = {}}).value());
}

// No descriptor is left while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    REQUIRE(getrlimit(RLIMIT_NOFILE, &saved_) == 0);
    rlimit few = saved_;
    few.rlim_cur = 200;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
    for (Fd fd(dup(0)); fd; fd = Fd(dup(0))) ballast_.push_back(std::move(fd));
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &saved_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit saved_{};
  std::list<Fd> ballast_;
};

}  // namespace

TEST_CASE("acceptor: clients have a name that says who they are, over a path and over TCP") {
  const Folder folder;
  Bench local(at_path(folder / "lan"), 10);
  CHECK(local.host.notes["listens_on"] == (folder / "lan"));
  CHECK(local.host.notes.count("stale_socket") == 0);
  const Fd one = guest(folder / "lan");
  REQUIRE(local.breathe(kPatience_ms));
  REQUIRE(local.host.names.size() == 1);
  CHECK(local.host.names[0] ==
        "test client 1 (pid " + std::to_string(getpid()) + ", uid " + std::to_string(getuid()) + ")");

  const std::string where = free_tcp();
  Bench far(std::move(stream_listen(tcp_address(where), {}).value()), 10);
  CHECK(far.host.notes["listens_on"] == where);
  const Fd two = tcp_guest(where);
  REQUIRE(far.breathe(kPatience_ms));
  REQUIRE(far.host.names.size() == 1);
  CHECK(far.host.names[0] ==
        "test client 1 (127.0.0.1:" + std::to_string(local_address(two.get()).port()) + ")");
}

TEST_CASE("acceptor: a dead socket is replaced, which is a fact, and its name goes with it") {
  const Folder folder;
  {
    const Fd dead(std::move(unix_socket(SOCK_SEQPACKET).value()));
    const auto address = unix_address(folder / "lan").value();
    REQUIRE(bind(dead.get(), address.get(), address.length) == 0);
  }
  struct stat status {};
  {
    Bench bench(at_path(folder / "lan"), 10);
    CHECK(bench.host.notes["stale_socket"] == "replaced");
    CHECK(lstat((folder / "lan").c_str(), &status) == 0);
    CHECK(status.st_nlink == 1);
  }
  CHECK(lstat((folder / "lan").c_str(), &status) == -1);
}

TEST_CASE("acceptor: some are taken a readiness, and the rest the next time") {
  const Folder folder;
  Bench bench(at_path(folder / "lan"), 1000);
  std::vector<Fd> guests;
  for (int i = 0; i < 40; ++i) guests.push_back(guest(folder / "lan"));
  for (const size_t taken : {16u, 32u, 40u}) {
    REQUIRE(bench.breathe());
    CHECK(bench.host.children.size() == taken);
  }
  CHECK_FALSE(bench.breathe());
  CHECK(bench.host.deadline == 0);
}

TEST_CASE("acceptor: who finds no seat is counted, and the newest reason told once a second") {
  const Folder folder;
  Bench bench(at_path(folder / "lan"), 2);
  std::vector<Fd> guests;
  for (int i = 0; i < 5; ++i) guests.push_back(guest(folder / "lan"));
  REQUIRE(bench.breathe());
  CHECK(bench.host.children.size() == 2);
  CHECK(bench.refused() == 3);
  CHECK(receive(guests.back().get()) == Octets{});
  const std::string first = bench.host.notes["refused_last"];
  CHECK(first == "pid " + std::to_string(getpid()) + ", uid " + std::to_string(getuid()) +
                     ": there are 2 clients already: raise clients=");
  // A reason for another comes at once, and is told later.
  bench.host.adopt_fails = EACCES;
  bench.host.children.pop_back();
  guests.push_back(guest(folder / "lan"));
  REQUIRE(bench.breathe());
  CHECK(bench.refused() == 4);
  CHECK(bench.host.notes["refused_last"] == first);
  CHECK(bench.host.deadline - bench.host.now <= kNsPerSecond);
  bench.pass_time();
  CHECK(bench.host.notes["refused_last"].find("told to refuse") != std::string::npos);
  CHECK(bench.host.deadline == 0);
  // A seat that was left is another's; the ports that were refused gave theirs back.
  bench.host.adopt_fails = 0;
  guests.push_back(guest(folder / "lan"));
  REQUIRE(bench.breathe());
  CHECK(bench.host.children.size() == 2);
  CHECK(bench.refused() == 4);
}

TEST_CASE("acceptor: a client that outlives its listener keeps nothing of it alive") {
  const Folder folder;
  std::unique_ptr<Port> client;
  {
    Bench bench(at_path(folder / "lan"), 2);
    const Fd one = guest(folder / "lan");
    REQUIRE(bench.breathe());
    client = std::move(bench.host.children.at(0));
  }
  client.reset();
}

TEST_CASE("acceptor: without descriptors those who may wait wait, and nothing is ready until a look") {
  const Folder folder;
  const std::string where = free_tcp();
  for (const bool tcp : {false, true}) {
    CAPTURE(tcp);
    Bench bench(tcp ? std::move(stream_listen(tcp_address(where), {}).value()) : at_path(folder / "lan"), 10);
    const Fd one = tcp ? tcp_guest(where) : guest(folder / "lan");
    {
      const NoDescriptors none;
      REQUIRE(bench.breathe(kPatience_ms));
      CHECK_FALSE(bench.breathe());
      bench.pass_time();
      bench.pass_time();
      CHECK_FALSE(bench.breathe());
    }
    REQUIRE(bench.host.events.size() == 1);
    CHECK(bench.host.events[0].state == PortState::degraded);
    CHECK(bench.host.events[0].reason == "descriptors");
    CHECK(bench.host.events[0].os_errno == EMFILE);
    CHECK(bench.host.children.empty());
    CHECK(bench.refused() == 0);
    bench.pass_time();
    CHECK(bench.host.children.size() == 1);
    REQUIRE(bench.host.events.size() == 2);
    CHECK(bench.host.events[1].state == PortState::up);
    CHECK(bench.host.events[1].reason == "descriptors");
    CHECK(bench.host.deadline == 0);
    const Fd two = tcp ? tcp_guest(where) : guest(folder / "lan");
    REQUIRE(bench.breathe(kPatience_ms));
    CHECK(bench.host.children.size() == 2);
  }
}

TEST_CASE("acceptor: without descriptors those who ask are turned away, and those who come later, too") {
  const Folder folder;
  Bench bench(at_path(folder / "lan"), 10, WithoutDescriptors::turn_away);
  std::vector<Fd> guests;
  for (int i = 0; i < 3; ++i) guests.push_back(std::move(unix_socket(SOCK_SEQPACKET).value()));
  {
    const NoDescriptors none;
    for (uint64_t i = 0; i < guests.size(); ++i) {
      REQUIRE(unix_connect(guests[i].get(), folder / "lan").ok());
      REQUIRE(bench.breathe(kPatience_ms));
      CHECK(bench.refused() == i + 1);
      CHECK(receive(guests[i].get()) == Octets{});
      bench.pass_time();
    }
  }
  CHECK(bench.host.notes["refused_last"].find("no descriptors left") != std::string::npos);
  CHECK(bench.host.events.size() == 1);
  bench.pass_time();
  if (bench.host.events.size() == 1) bench.pass_time();  // the first was for the newest refusal
  REQUIRE(bench.host.events.size() == 2);
  CHECK(bench.host.events[1].state == PortState::up);
  const Fd late = guest(folder / "lan");
  REQUIRE(bench.breathe());
  CHECK(bench.host.children.size() == 1);
}

TEST_CASE("acceptor: a client's own descriptors may be what is missing") {
  const Folder folder;
  Bench bench(at_path(folder / "lan"), 10);
  bench.host.adopt_fails = EMFILE;
  const Fd one = guest(folder / "lan");
  REQUIRE(bench.breathe());
  CHECK(bench.refused() == 1);
  REQUIRE(bench.host.events.size() == 1);
  CHECK(bench.host.events[0].state == PortState::degraded);
  bench.host.adopt_fails = 0;
  bench.pass_time();
  REQUIRE(bench.host.events.size() == 2);
  CHECK(bench.host.events[1].state == PortState::up);
}
