// The daemon port against switches that answer, lie, hesitate, hang up and die.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include "test/support/daemon_ends.h"
#include "test/support/fake_host.h"
#include "test/support/folder.h"
#include "test/support/lan.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

Config config_of(const std::string& socket, bool reconnect = true, bool wait = false) {
  Config config;
  config.set("socket", socket);
  config.set("reconnect", reconnect);
  config.set("wait", wait);
  return config;
}

const Octets kFrame = make_frame(kBroadcastMac, station(1), 60, 1);

// A port with a world that the test moves on, also its time.
struct Client {
  FakeHost host;
  std::unique_ptr<Port> port;

  explicit Client(const Config& config) : port(std::move(make_port("daemon", config).value())) {}
  ~Client() { port->close(); }
  Result<> open() {
    host.now = monotonic_ns();
    return port->open(host);
  }
  PortState state() const { return host.events.empty() ? PortState::closed : host.events.back().state; }
  const PortEvent& event() const { return host.events.back(); }
  bool until(PortState state) {
    for (int i = 0; i < 100 && this->state() != state; ++i) host.breathe(*port, 20);
    return this->state() == state;
  }
  // Nothing happens until the time that the port asked for.
  void wait_for_timer() {
    REQUIRE(host.deadline != 0);
    host.now = host.deadline;
    host.deadline = 0;
    port->on_timer(host.now);
  }
  TxResult transmit(const Octets& frame) {
    FrameBatch batch;
    batch.append(frame, 0);
    const uint16_t pick = 0;
    return port->transmit(batch, Picks(&pick, 1));
  }
};

}  // namespace

TEST_CASE("daemon: registers, and carries frames both ways") {
  const Folder folder;
  FakeSwitch daemon(folder / "ctl");
  Client client(config_of(folder / "ctl"));
  REQUIRE(client.open());
  CHECK(client.state() == PortState::opening);
  CHECK(client.transmit(kFrame).dropped == 1);
  CHECK(client.host.dropped(TxDrop::no_peer) == 1);
  daemon.meet();
  daemon.reply();
  REQUIRE(client.until(PortState::up));
  CHECK(client.host.notes["peer"] == (folder / "ctl") + " (pid " + std::to_string(getpid()) + ", uid 0)");
  CHECK(client.transmit(kFrame).sent == 1);
  CHECK(receive(daemon.data.fd.get()) == kFrame);
  const Octets longest = make_frame(station(1), station(2), 65535, 3);
  for (const Octets& frame : {kFrame, longest, Octets{1, 2, 3}}) {
    CHECK(daemon.data.send(daemon.client, frame) == 0);
    client.host.frames.clear();
    client.host.breathe(*client.port, kPatience_ms);
    REQUIRE(client.host.frames.size() == 1);
    CHECK(client.host.frames[0] == frame);
  }
  CHECK(client.port->caps().max_frame == 65535);
}

TEST_CASE("daemon: a folder is one of VDE's, and has its socket in it") {
  const Folder folder;
  FakeSwitch daemon(folder / "ctl");
  Client client(config_of(folder.path()));
  REQUIRE(client.open());
  daemon.meet();
  daemon.reply();
  CHECK(client.until(PortState::up));
}

TEST_CASE("daemon: frames of others than the switch do not get in") {
  const Folder folder;
  FakeSwitch daemon(folder / "ctl");
  Client client(config_of(folder / "ctl"));
  REQUIRE(client.open());
  daemon.meet();
  // Before it knows the switch anybody's wait; they are told apart later.
  const DataSocket stranger;
  CHECK(stranger.send(daemon.client, kFrame) == 0);
  CHECK(daemon.data.send(daemon.client, kFrame) == 0);
  daemon.reply();
  REQUIRE(client.until(PortState::up));
  client.host.breathe(*client.port, kPatience_ms);
  CHECK(client.host.frames.size() == 1);
  CHECK(client.host.dropped(RxDrop::not_peer) == 1);
  CHECK(client.host.counters().rx_frames.get() == 2);
  // Later the kernel does.
  CHECK(stranger.send(daemon.client, kFrame) == EPERM);
}

TEST_CASE("daemon: an answer in pieces is an answer") {
  const Folder folder;
  FakeSwitch daemon(folder / "ctl");
  Client client(config_of(folder / "ctl"));
  REQUIRE(client.open());
  daemon.meet();
  for (size_t i = 0; i < kDaemonAddress; ++i) {
    CHECK(client.state() == PortState::opening);
    daemon.reply(i, 1);
    client.host.breathe(*client.port, kPatience_ms);
  }
  CHECK(client.state() == PortState::up);
}

TEST_CASE("daemon: no switch, and none that answers") {
  const Folder folder;
  {
    Client client(config_of(folder / "nothing"));
    const auto opened = client.open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().os_errno == ENOENT);
    CHECK(opened.error().message.find("start what listens there") != std::string::npos);
  }
  FakeSwitch daemon(folder / "ctl");
  SUBCASE("silence") {
    Client client(config_of(folder / "ctl"));
    REQUIRE(client.open());
    daemon.meet();
    daemon.reply(0, 109);  // one short
    client.host.breathe(*client.port, kPatience_ms);
    CHECK(client.state() == PortState::opening);
    CHECK(client.host.deadline - client.host.now <= 2'000'000'000);
    client.wait_for_timer();
    CHECK(client.state() == PortState::closed);
    CHECK(client.event().os_errno == ETIMEDOUT);
    CHECK(client.event().message.find("did not answer") != std::string::npos);
    // What it held is free.
    CHECK(client.host.interests.empty());
  }
  SUBCASE("a closed connection, before and in the middle of the answer") {
    for (const size_t octets : {0, 1, 60, 109}) {
      CAPTURE(octets);
      Client client(config_of(folder / "ctl"));
      REQUIRE(client.open());
      daemon.meet();
      if (octets != 0) daemon.reply(0, octets);
      daemon.control.reset();
      REQUIRE(client.until(PortState::closed));
      CHECK(client.event().os_errno == ECONNRESET);
      CHECK(client.event().reason == "peer");
    }
  }
  SUBCASE("an answer that is no Unix address, or nobody's") {
    const DaemonAddress good = daemon.data.address;
    DaemonAddress inet = good;
    inet[0] = 2;
    DaemonAddress nameless = abstract_daemon_address("");
    DaemonAddress nobody = good;
    nobody[50] ^= 1;
    for (const auto& [address, os_errno] :
         {std::pair{inet, EPROTO}, {nameless, EPROTO}, {nobody, ECONNREFUSED}}) {
      CAPTURE(os_errno);
      Client client(config_of(folder / "ctl"));
      REQUIRE(client.open());
      daemon.meet();
      daemon.data.address = address;
      daemon.reply();
      REQUIRE(client.until(PortState::closed));
      CHECK(client.event().os_errno == os_errno);
      if (os_errno == ECONNREFUSED) CHECK(client.event().message.find("namespace") != std::string::npos);
    }
  }
}

TEST_CASE("daemon: octets behind the answer are none of a switch's") {
  const Folder folder;
  FakeSwitch daemon(folder / "ctl");
  Client client(config_of(folder / "ctl"));
  REQUIRE(client.open());
  daemon.meet();
  daemon.reply();
  daemon.reply(0, 1);
  REQUIRE(client.until(PortState::reconnecting));
  CHECK(client.event().reason == "protocol");
  CHECK(receive(daemon.control.get()) == Octets{});  // hung up
}

TEST_CASE("daemon: a switch that dies is looked for, more and more patiently, and found again") {
  const Folder folder;
  const std::string path = folder / "ctl";
  auto daemon = std::make_unique<FakeSwitch>(path);
  Client client(config_of(path));
  REQUIRE(client.open());
  daemon->meet();
  daemon->reply();
  REQUIRE(client.until(PortState::up));
  daemon.reset();
  REQUIRE(client.until(PortState::reconnecting));
  CHECK(client.event().reason == "peer");
  CHECK(client.event().message == path + ": the switch has gone");
  CHECK(client.transmit(kFrame).dropped == 1);
  CHECK(client.host.dropped(TxDrop::no_peer) == 1);
  uint64_t last_ns = 0;
  for (int i = 0; i < 8; ++i) {
    const uint64_t wait_ns = client.host.deadline - client.host.now;
    CHECK(wait_ns >= last_ns);
    CHECK(wait_ns <= 5'000'000'000);
    last_ns = wait_ns;
    client.wait_for_timer();
  }
  CHECK(last_ns == 5'000'000'000);
  CHECK(client.host.events.size() == 3);  // opening, up, reconnecting: said once
  CHECK(client.host.notes["peer"].find("nobody listens there") != std::string::npos);
  unlink(path.c_str());
  daemon = std::make_unique<FakeSwitch>(path);
  client.wait_for_timer();
  daemon->meet();
  daemon->reply();
  REQUIRE(client.until(PortState::up));
  CHECK(client.host.counters().reconnects.get() == 1);
  CHECK(client.transmit(kFrame).sent == 1);
  CHECK(receive(daemon->data.fd.get()) == kFrame);
}

TEST_CASE("daemon: a data socket that is gone is as good as a switch that is gone") {
  const Folder folder;
  FakeSwitch daemon(folder / "ctl");
  Client client(config_of(folder / "ctl"));
  REQUIRE(client.open());
  daemon.meet();
  daemon.reply();
  REQUIRE(client.until(PortState::up));
  daemon.data.fd.reset();
  CHECK(client.transmit(kFrame).dropped == 1);
  CHECK(client.state() == PortState::reconnecting);
  CHECK(client.host.dropped(TxDrop::refused) == 1);
  CHECK(client.host.counters().last_errno.get() == ECONNREFUSED);
}

TEST_CASE("daemon: reconnect=off closes, wait=on waits from the start") {
  const Folder folder;
  const std::string path = folder / "ctl";
  Client waiting(config_of(path, true, true));
  REQUIRE(waiting.open());
  CHECK(waiting.state() == PortState::opening);
  waiting.wait_for_timer();
  auto daemon = std::make_unique<FakeSwitch>(path);
  waiting.wait_for_timer();
  daemon->meet();
  daemon->control.reset();  // a bad start is no end either
  for (int i = 0; i < 10 && waiting.host.interests.size() != 0; ++i) waiting.host.breathe(*waiting.port, 100);
  CHECK(waiting.state() == PortState::opening);
  waiting.wait_for_timer();
  daemon->meet();
  daemon->reply();
  REQUIRE(waiting.until(PortState::up));
  CHECK(waiting.host.counters().reconnects.get() == 0);

  Client once(config_of(path, false));
  REQUIRE(once.open());
  daemon->meet();
  daemon->reply();
  REQUIRE(once.until(PortState::up));
  daemon.reset();
  CHECK(once.until(PortState::closed));
}

TEST_CASE("daemon: a switch that does not read fills its queue, then ours; nothing blocks, all is counted") {
  const Folder folder;
  FakeSwitch daemon(folder / "ctl");
  Client client(config_of(folder / "ctl"));
  REQUIRE(client.open());
  daemon.meet();
  daemon.reply();
  REQUIRE(client.until(PortState::up));
  const Octets frame = make_frame(kBroadcastMac, station(1), 1514, 1);
  uint32_t sent = 0, queued = 0, dropped = 0;
  constexpr uint32_t kFrames = 3000;
  for (uint32_t i = 0; i < kFrames; ++i) {
    const TxResult result = client.transmit(frame);
    sent += result.sent, queued += result.queued, dropped += result.dropped;
  }
  CHECK(sent > 0);
  CHECK(queued > 100);
  CHECK(dropped > 100);
  CHECK(sent + queued + dropped == kFrames);
  CHECK(client.host.dropped(TxDrop::queue_full) == dropped);
  // Idle meanwhile: only when there is room does the socket say so.
  CHECK_FALSE(client.host.breathe(*client.port, 50));
  uint32_t heard = 0;
  while (receive(daemon.data.fd.get(), 0)) ++heard;
  for (int i = 0; i < 1000 && heard < sent + queued; ++i) {
    client.host.breathe(*client.port, 100);
    while (receive(daemon.data.fd.get(), 0)) ++heard;
  }
  CHECK(heard == sent + queued);
  CHECK(client.host.counters().queued.get() == 0);
  client.host.breathe(*client.port, 0);
  CHECK_FALSE(client.host.breathe(*client.port, 50));
}

TEST_CASE("daemon: what is refused in a configuration") {
  const auto field = [](const char* key, Config::Value value) {
    Config config;
    for (const char* flag : {"reconnect", "wait"}) {
      if (std::string(flag) != key) config.set(flag, true);
    }
    config.set(key, std::move(value));
    const auto made = make_port("daemon", config);
    return made ? std::string() : made.error().field;
  };
  CHECK(field("socket", std::string("/x")).empty());
  CHECK(field("socket", int64_t{1}) == "socket");
  CHECK(field("reconnect", std::string("on")) == "reconnect");
  CHECK(field("wait", int64_t{1}) == "wait");
  CHECK(field("mtu", int64_t{67}) == "mtu");
  CHECK(field("mtu", int64_t{65522}) == "mtu");
  CHECK(field("buffer", int64_t{4095}) == "buffer");
}
