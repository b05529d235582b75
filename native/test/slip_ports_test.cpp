// The slip and slirp ports against peers that misbehave: on a socket by octets of the test's own, and by
// programs that are a line of shell.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>

#include "core/slip.h"
#include "engine/fd.h"
#include "engine/unix_socket.h"
#include "ports/registry.h"
#include "test/support/edge_bench.h"
#include "test/support/fake_host.h"
#include "test/support/folder.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

constexpr Mac kOwn = EdgeBench::kOwn, kHostMac = station(1);
constexpr uint32_t kGuest = net_host(7), kHost = net_host(1);

Octets on_line(const Octets& packet) {
  Octets line(slip::most_on_line(packet.size()));
  line.resize(slip::encode(packet, line));
  return line;
}

// A port, its host, and time that passes for it.
struct Rig {
  Rig(const char* transport, Config config, bool opens = true)
      : port(std::move(make_port(transport, config).value())) {
    auto opened = port->open(host);
    REQUIRE_MESSAGE(opened.ok() == opens, (opened.ok() ? "opened" : opened.error().message));
  }
  ~Rig() { port->close(); }
  void breathe(int timeout_ms = 10) {
    host.breathe(*port, timeout_ms);
    if (host.deadline != 0 && host.deadline <= host.now) {
      host.deadline = 0;
      port->on_timer(host.now);
    }
  }
  template <typename Until>
  bool breathes_until(Until until) {
    for (int i = 0; i < 500 && !until(); ++i) breathe();
    return until();
  }
  TxResult send(const std::vector<Octets>& frames) {
    batch.clear();
    std::vector<uint16_t> picks;
    for (const Octets& frame : frames) {
      picks.push_back(batch.size());
      REQUIRE(batch.append(frame, 1));
    }
    return port->transmit(batch, picks);
  }
  std::vector<Octets> packets() const {
    std::vector<Octets> found;
    for (const Octets& frame : host.frames) {
      if (!arp_of(frame)) found.push_back(frame);
    }
    return found;
  }

  FakeHost host;
  std::unique_ptr<Port> port;
  FrameBatch batch;
};

Config line_config() {
  Config config;
  config.set("hostIp", std::string("198.18.1.254"));
  return config;
}

// A slip port on a socket whose other end is the test's.
struct SocketLine {
  SocketLine() {
    path = std::filesystem::temp_directory_path() / ("slip" + std::to_string(getpid()));
    std::filesystem::remove(path);
    listener = Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strncpy(name.sun_path, path.c_str(), sizeof name.sun_path - 1);
    REQUIRE(bind(listener.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
    REQUIRE(listen(listener.get(), 4) == 0);
    Config config = line_config();
    config.set("line", path.string());
    rig.emplace("slip", config);
    peer = Fd(accept(listener.get(), nullptr, nullptr));
  }
  ~SocketLine() { std::filesystem::remove(path); }
  void say(const Octets& octets) {
    REQUIRE(::send(peer.get(), octets.data(), octets.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(octets.size()));
  }

  std::filesystem::path path;
  Fd listener, peer;
  std::optional<Rig> rig;
};

Config program(const char* script) {
  Config config = line_config();
  config.set("program", std::string("sh"));
  config.set("args", std::vector<std::string>{"-c", script});
  return config;
}

bool is_gone(const std::string& pid) { return ::kill(std::stoi(pid), 0) != 0; }

}  // namespace

TEST_CASE("slip port: one octet at a time comes to the same") {
  SocketLine line;
  const Octets broadcast = ip_packet(kGuest, 0xffffffff, 50, 3);
  for (const uint8_t octet : on_line(broadcast)) {
    line.say({octet});
    line.rig->breathe();
  }
  REQUIRE(line.rig->breathes_until([&] { return !line.rig->packets().empty(); }));
  CHECK(line.rig->packets()[0] == ether(kBroadcastMac, kOwn, kEtherTypeIpv4, broadcast));
}

TEST_CASE(
    "slip port: garbage, IPv6, lying lengths and a run without end are counted, and the next packet passes") {
  SocketLine line;
  FakeHost& host = line.rig->host;
  line.say(on_line(Octets(40, 0x60)));
  Octets lying = ip_packet(kGuest, kHost);
  lying[2] = 0x40;
  line.say(on_line(lying));
  line.say(on_line({'h', 'e', 'l', 'l', 'o'}));
  REQUIRE(line.rig->breathes_until([&] { return host.dropped(RxDrop::bad_packet) == 3; }));
  for (int i = 0; i < 40; ++i) {
    line.say(Octets(10'000, 0x45));
    line.rig->breathe();
  }
  const Octets good = ip_packet(kGuest, 0xffffffff, 9);
  line.say(on_line(good));
  REQUIRE(line.rig->breathes_until([&] { return !line.rig->packets().empty(); }));
  CHECK(host.dropped(RxDrop::bad_framing) == 1);
  CHECK(host.counters().rx_frames.get() ==
        host.frames.size() + host.dropped(RxDrop::bad_framing) + host.dropped(RxDrop::bad_packet));
}

TEST_CASE("slip port: a peer that reads nothing fills the queue and no more; what it reads late is whole") {
  SocketLine line;
  const Octets packet = ip_packet(kHost, kGuest, 1400, 1);
  const Octets frame = ether(kOwn, kHostMac, kEtherTypeIpv4, packet);
  uint32_t sent = 0, queued = 0, dropped = 0;
  for (int i = 0; i < 1000; ++i) {
    const TxResult result = line.rig->send({frame});
    CHECK(result.sent + result.queued + result.dropped == 1);
    sent += result.sent, queued += result.queued, dropped += result.dropped;
  }
  const PortCounters& counters = line.rig->host.counters();
  CHECK(dropped > 0);
  CHECK(line.rig->host.dropped(TxDrop::queue_full) == dropped);
  CHECK(counters.queued.get() == queued);
  CHECK(counters.tx_frames.get() == sent);
  SlipDecoder decoder(1500);
  size_t got = 0;
  Octets buffer(65536);
  REQUIRE(fcntl(line.peer.get(), F_SETFL, O_NONBLOCK) == 0);
  CHECK(line.rig->breathes_until([&] {
    for (ssize_t count; (count = ::read(line.peer.get(), buffer.data(), buffer.size())) > 0;) {
      std::span<const uint8_t> octets(buffer.data(), static_cast<size_t>(count));
      while (decoder.next(octets)) {
        CHECK(copy(decoder.packet()) == packet);
        ++got;
      }
    }
    return got == 1000 - dropped;
  }));
  CHECK(counters.queued.get() == 0);
  CHECK(counters.tx_frames.get() == 1000 - dropped);
}

TEST_CASE("slip port: a peer that goes is looked for, and found; meanwhile nothing is sent") {
  SocketLine line;
  line.peer.reset();
  REQUIRE(line.rig->breathes_until([&] { return !line.rig->host.events.empty(); }));
  CHECK(line.rig->host.events[0].state == PortState::reconnecting);
  CHECK(line.rig->send({ether(kOwn, kHostMac, kEtherTypeIpv4, ip_packet(kHost, kGuest))}).dropped == 1);
  CHECK(line.rig->host.dropped(TxDrop::no_peer) == 1);
  REQUIRE(line.rig->breathes_until([&] { return line.rig->host.events.size() == 2; }));
  CHECK(line.rig->host.events[1].state == PortState::up);
  CHECK(line.rig->host.counters().reconnects.get() == 1);
}

TEST_CASE("slip port: a peer that is waited for and comes has not come again") {
  const Folder folder;
  Config config = line_config();
  config.set("line", folder / "line");
  config.set("wait", true);
  Rig rig("slip", config);
  REQUIRE(rig.host.events.size() == 1);
  CHECK(rig.host.events[0].state == PortState::opening);
  const Fd listener = std::move(unix_socket(SOCK_STREAM).value());
  const auto name = unix_address(folder / "line").value();
  REQUIRE(bind(listener.get(), name.get(), name.length) == 0);
  REQUIRE(listen(listener.get(), 4) == 0);
  REQUIRE(rig.breathes_until([&] { return rig.host.events.size() == 2; }));
  CHECK(rig.host.events[1].state == PortState::up);
  CHECK(rig.host.counters().reconnects.get() == 0);
}

TEST_CASE(
    "slip port: a pty that nobody has open costs nothing, and is up when somebody opens it, again and "
    "again") {
  Rig rig("slip", line_config());
  REQUIRE(rig.host.events.size() == 1);
  CHECK(rig.host.events[0].state == PortState::degraded);
  CHECK(rig.host.wait(50).empty());  // not ready: no spin
  CHECK(rig.send({ether(kOwn, kHostMac, kEtherTypeIpv4, ip_packet(kHost, kGuest))}).dropped == 1);
  for (size_t round = 0; round < 3; ++round) {
    Fd peer(::open(rig.host.notes["line"].c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK));
    REQUIRE(peer);
    REQUIRE(rig.breathes_until([&] { return rig.host.events.size() == 2 * round + 2; }));
    CHECK(rig.host.events.back().state == PortState::up);
    const Octets packet = ip_packet(kHost, kGuest, 1000, 1);
    CHECK(rig.send({ether(kOwn, kHostMac, kEtherTypeIpv4, packet)}).dropped == 0);
    Octets got(8192);
    ssize_t count = -1;
    CHECK(rig.breathes_until(
        [&] { return count > 0 || (count = ::read(peer.get(), got.data(), got.size())) > 0; }));
    got.resize(static_cast<size_t>(std::max<ssize_t>(count, 0)));
    CHECK(got == on_line(packet));
    peer.reset();
    REQUIRE(rig.breathes_until([&] { return rig.host.events.size() == 2 * round + 3; }));
    CHECK(rig.host.events.back().state == PortState::degraded);
    CHECK(rig.host.wait(20).empty());
  }
}

TEST_CASE("slirp port: a program that ends at once is told with its last words, and started again") {
  Rig rig("slirp", program("echo first >&2; echo no licence >&2; exit 7"));
  REQUIRE(rig.breathes_until([&] { return !rig.host.events.empty(); }));
  const PortEvent& event = rig.host.events[0];
  CHECK(event.state == PortState::reconnecting);
  CHECK(event.message == "sh ended with exit status 7; it said: no licence");
  REQUIRE(rig.breathes_until([&] { return rig.host.counters().reconnects.get() >= 1; }));
}

TEST_CASE("slirp port: with reconnect=off it closes; a program killed is told as that") {
  Config config = program("kill -9 $$");
  config.set("reconnect", false);
  Rig rig("slirp", config);
  REQUIRE(rig.breathes_until([&] { return !rig.host.events.empty(); }));
  CHECK(rig.host.events[0].state == PortState::closed);
  CHECK(rig.host.events[0].message.find("signal 9") != std::string::npos);
}

TEST_CASE("slirp port: a program that does not end when its line does is killed, in bounded time") {
  std::string pid;
  const uint64_t begin = monotonic_ns();
  {
    Rig rig("slirp", program("trap '' TERM HUP; exec sleep 1000"));
    pid = rig.host.notes["pid"];
    CHECK_FALSE(is_gone(pid));
  }
  CHECK(is_gone(pid));
  CHECK(monotonic_ns() - begin < 2'000'000'000);
}

TEST_CASE("slirp port: a program that closes its line but lives on is killed and started again") {
  Rig rig("slirp", program("exec <&- >&-; exec sleep 1000"));
  const std::string pid = rig.host.notes["pid"];
  REQUIRE(rig.breathes_until([&] { return !rig.host.events.empty(); }));
  CHECK(is_gone(pid));
  CHECK(rig.host.events[0].message.find("signal 9") != std::string::npos);
}

TEST_CASE("slirp port: a program that floods both ways out is heard a turn at a time") {
  Rig rig("slirp", program("yes >&2 & exec yes"));
  // One run without an END, dropped, however long it goes on.
  REQUIRE(rig.breathes_until([&] { return rig.host.counters().rx_frames.get() >= 1; }));
  for (int i = 0; i < 100; ++i) rig.breathe();
  CHECK(rig.host.dropped(RxDrop::bad_framing) == 1);
  CHECK(rig.host.events.empty());
}

TEST_CASE("slirp port: a program has its line, and nothing else of ours") {
  const Fd leak(::open("/dev/null", O_RDONLY));  // not closed on exec
  REQUIRE(leak);
  // Tests open nothing in the shell, as a pipe would.
  Config config = program(
      "n=3; while [ $n -lt 40 ]; do [ -e /proc/$$/fd/$n ] && printf 'has %s ' $n >&2; n=$((n + 1)); done; "
      "while read -r key value; do [ $key = SigIgn: ] && printf 'ignores %s' $value >&2; done "
      "</proc/$$/status; exit 3");
  Rig rig("slirp", config);
  REQUIRE(rig.breathes_until([&] { return !rig.host.events.empty(); }));
  CAPTURE(rig.host.events[0].message);
  CHECK(rig.host.events[0].message.ends_with("it said: ignores 0000000000000000"));
}

TEST_CASE("slirp port: what can't be run is said, and where it was looked for") {
  Config config = line_config();
  config.set("program", std::string("no-such-program"));
  FakeHost host;
  auto port = std::move(make_port("slirp", config).value());
  const auto opened = port->open(host);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().os_errno == ENOENT);
  CHECK(opened.error().message.find("PATH (") != std::string::npos);
  port->close();
}
