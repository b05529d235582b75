// The switch port against clients that behave, lie, hesitate, stop reading and die.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <list>

#include "test/support/daemon_ends.h"
#include "test/support/fake_host.h"
#include "test/support/faults.h"
#include "test/support/folder.h"
#include "test/support/lan.h"
#include "test/support/switch_daemon.h"

using namespace ethercast;
using namespace ethercast::test;

TEST_CASE("switch: clients come, learn, talk and leave") {
  SwitchDaemon daemon;
  SwitchClient one(daemon.path), two(daemon.path), three(daemon.path);
  for (SwitchClient* client : {&one, &two, &three}) daemon.join(*client);
  CHECK(daemon.ports() == 4);
  CHECK(one.port != two.port);  // each has a socket of its own

  const Octets hello = make_frame(kBroadcastMac, station(1), 60, 1);
  CHECK(one.send(hello) == 0);
  daemon.box.settle();
  CHECK(two.heard() == hello);
  CHECK(three.heard() == hello);
  CHECK_FALSE(one.heard());
  const Octets answer = make_frame(station(1), station(2), 1514, 2);
  CHECK(two.send(answer) == 0);
  daemon.box.settle();
  CHECK(one.heard() == answer);
  CHECK_FALSE(three.heard());

  // It leaves: what it was known for is flooded again, and not lost.
  one.control.reset();
  REQUIRE(daemon.box.breathe_until([&] { return daemon.ports() == 3; }));
  CHECK(daemon.says("peer"));
  CHECK(two.send(answer) == 0);
  daemon.box.settle();
  CHECK(three.heard() == answer);
}

TEST_CASE("switch: a client is named after who it is") {
  SwitchDaemon daemon;
  SwitchClient client(daemon.path);
  daemon.join(client);
  const auto opened = daemon.box.recorder.opened(0);
  CHECK(opened.parent == daemon.port);
  CHECK(opened.name ==
        "switch,,unix," + daemon.path + " client 1 (pid " + std::to_string(getpid()) + ", uid 0)");
  CHECK(daemon.box.recorder.note(opened.port, "protocol") == "version 3");
  struct stat status {};
  CHECK(stat(daemon.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  daemon.box.engine.remove_port(daemon.port);
  CHECK(daemon.ports() == 0);
  CHECK(daemon.box.recorder.closed() == std::vector<PortId>{opened.port, daemon.port});
  CHECK(stat(daemon.path.c_str(), &status) != 0);
  CHECK(is_closed(client.control));
}

TEST_CASE("switch: a stranger's frames do not get in, whatever it knows") {
  SwitchDaemon daemon;
  SwitchClient client(daemon.path), other(daemon.path);
  daemon.join(client);
  daemon.join(other);
  const DataSocket stranger;
  CHECK(stranger.send(client.port, make_frame(kBroadcastMac, station(9))) == EPERM);
  // Nor does another client on this one's port.
  CHECK(other.data.send(client.port, make_frame(kBroadcastMac, station(9))) == EPERM);
  daemon.box.settle();
  CHECK_FALSE(other.heard());
}

TEST_CASE("switch: version 1, and VDE's request with a path and a description") {
  SwitchDaemon daemon;
  const DataSocket data;
  Octets version1;
  for (const uint32_t number : {kDaemonMagic, 0u}) {
    const auto* const octets = reinterpret_cast<const uint8_t*>(&number);
    version1.insert(version1.end(), octets, octets + 4);
  }
  version1.insert(version1.end(), {0xfe, 0xfd, 0, 0, 0, 1});
  version1.insert(version1.end(), data.address.begin(), data.address.end());
  const Fd old = connected(daemon.path, version1);
  std::optional<Octets> reply;
  REQUIRE(daemon.box.breathe_until([&] { return (reply = receive(old.get(), 0)).has_value(); }));
  CHECK(reply->size() == kDaemonAddress);

  const std::string path = daemon.folder / ".00001-00000";
  const Fd bound = std::move(unix_socket(SOCK_DGRAM).value());
  const auto address = unix_address(path).value();
  REQUIRE(bind(bound.get(), address.get(), address.length) == 0);
  DaemonAddress named{};
  std::memcpy(named.data(), &address.address, named.size());
  Octets vde = request_of(named);
  vde.resize(kLeastDaemonRequest);
  for (const char character : std::string("a plug")) vde.push_back(static_cast<uint8_t>(character));
  vde.push_back(0);
  const Fd plug = connected(daemon.path, vde);
  REQUIRE(daemon.box.breathe_until([&] { return receive(plug.get(), 0).has_value(); }));
  bool described = false;
  for (PortId id = 1; id < 10; ++id) described |= daemon.box.recorder.note(id, "description") == "a plug";
  CHECK(described);
  // What one sends, the other hears.
  const auto* const to = reinterpret_cast<const sockaddr*>(reply->data());
  const Octets frame = make_frame(kBroadcastMac, station(1));
  CHECK(sendto(data.fd.get(), frame.data(), frame.size(), 0, to, kDaemonAddress) == 60);
  daemon.box.settle();
  CHECK(receive(bound.get(), 0) == frame);
}

TEST_CASE("switch: what is not taken is hung up on, counted, and told") {
  SwitchDaemon daemon;
  const DataSocket data;
  const Octets good = request_of(data.address);
  struct Bad {
    Octets octets;
    const char* why;
  };
  std::vector<Bad> all;
  const auto changed = [&](size_t at, uint8_t value) {
    Octets octets = good;
    octets[at] = value;
    return octets;
  };
  all.push_back({Octets(good.begin() + 4, good.end()), "no magic"});
  all.push_back({changed(0, 0xcf), "no magic"});
  all.push_back({Octets(100'000, 'A'), "no magic"});  // as is "GET / HTTP/1.1", or 2 GB of anything
  all.push_back({changed(4, 2), "another version"});
  all.push_back({changed(4, 4), "another version"});
  all.push_back({changed(7, 0x80), "another version"});
  all.push_back({changed(8, 1), "something else than a port"});
  all.push_back({changed(12, 2), "no Unix socket"});
  all.push_back({changed(20, static_cast<uint8_t>(good[20] ^ 0x41)), "namespace"});  // nobody's name
  all.push_back({changed(14, 'x'), "relative"});
  uint64_t refused = 0;
  for (const Bad& bad : all) {
    CAPTURE(bad.why);
    const Fd fd = connected(daemon.path, bad.octets);
    REQUIRE(daemon.box.breathe_until([&] { return daemon.refused() == refused + 1; }));
    ++refused;
    const auto said = receive(fd.get());
    CHECK((!said || said->empty()));  // the end, or a reset when it had more to say
    REQUIRE(
        daemon.box.breathe_until([&] { return daemon.last_refusal().find(bad.why) != std::string::npos; }));
  }
  CHECK(daemon.ports() == 1);
}

TEST_CASE("switch: a request octet by octet is taken, with its padding; anything behind it ends the client") {
  SwitchDaemon daemon;
  const DataSocket data;
  const Octets request = request_of(data.address);
  const Fd fd = connected(daemon.path);
  for (size_t i = 0; i < request.size(); ++i) {
    CHECK(::send(fd.get(), &request[i], 1, MSG_NOSIGNAL) == 1);
    daemon.box.engine.breathe(100);
    daemon.box.engine.breathe(1);
  }
  const auto reply = receive(fd.get(), 0);
  REQUIRE(reply.has_value());
  CHECK(reply->size() == kDaemonAddress);
  daemon.box.settle();
  CHECK(daemon.ports() == 2);
  CHECK(::send(fd.get(), "x", 1, MSG_NOSIGNAL) == 1);
  REQUIRE(daemon.box.breathe_until([&] { return daemon.ports() == 1; }));
  CHECK(daemon.says("protocol"));
  CHECK(is_closed(fd));
}

TEST_CASE("switch: a description without end is cut, and its client hung up on") {
  SwitchDaemon daemon;
  const DataSocket data;
  Octets request = request_of(data.address);
  request.resize(kLeastDaemonRequest);
  request.resize(64'000, 'A');
  const Fd fd = connected(daemon.path, request);
  REQUIRE(daemon.box.breathe_until([&] { return daemon.says("protocol"); }));
  CHECK(daemon.ports() == 1);
}

TEST_CASE("switch: silent clients are few, and not for long") {
  const Folder folder;
  FakeHost host;
  host.now = monotonic_ns();
  const auto port = std::move(make_port("switch", switch_config(folder / "ctl")).value());
  REQUIRE(port->open(host));
  std::list<Fd> silent;
  for (int i = 0; i < 100; ++i) {
    silent.push_back(connected(folder / "ctl"));
    host.breathe(*port, 100);
  }
  CHECK(host.interests.size() == 1 + 64);
  CHECK(host.counters().refused_clients.get() == 36);
  CHECK(is_closed(silent.front()));  // the one that was silent for longest
  // One that means it gets in nevertheless.
  const DataSocket data;
  const Fd earnest = connected(folder / "ctl", request_of(data.address));
  for (int i = 0; i < 3; ++i) host.breathe(*port, 50);
  CHECK(host.children.size() == 1);
  // Half a request is no better, and the time runs from the connection on.
  CHECK(::send(silent.back().get(), &kDaemonMagic, 2, MSG_NOSIGNAL) == 2);
  host.breathe(*port, 50);
  host.now = host.deadline + 5'000'000'000;
  port->on_timer(host.now);
  CHECK(host.interests.size() == 1);
  CHECK(host.notes["refused_last"].find("said nothing") != std::string::npos);
  CHECK(is_closed(silent.back()));
  host.children.clear();
  port->close();
}

TEST_CASE("switch: as many clients as are allowed, and room again when one leaves") {
  SwitchDaemon daemon(2);
  SwitchClient one(daemon.path), two(daemon.path);
  daemon.join(one);
  daemon.join(two);
  SwitchClient three(daemon.path);
  REQUIRE(daemon.box.breathe_until([&] { return daemon.refused() == 1; }));
  CHECK(is_closed(three.control));
  CHECK(daemon.last_refusal().find("2 clients already: raise clients=") != std::string::npos);
  one.control.reset();
  REQUIRE(daemon.box.breathe_until([&] { return daemon.ports() == 2; }));
  SwitchClient four(daemon.path);
  daemon.join(four);
}

TEST_CASE("switch: a client that does not read loses its own frames, and nobody else's") {
  SwitchDaemon daemon;
  SwitchClient sender(daemon.path), sleeper(daemon.path), reader(daemon.path);
  for (SwitchClient* client : {&sender, &sleeper, &reader}) daemon.join(*client);
  constexpr int kFrames = 2000;
  int heard = 0;
  for (int i = 0; i < kFrames; ++i) {
    const Octets frame = make_frame(kBroadcastMac, station(1), 1514, static_cast<uint32_t>(i));
    while (sender.send(frame) == EAGAIN) daemon.box.engine.breathe(100);
    daemon.box.engine.breathe(10);
    while (const auto got = reader.heard()) {
      CHECK(got->size() == 1514);
      ++heard;
    }
  }
  daemon.box.settle();
  while (reader.heard()) ++heard;
  CHECK(heard == kFrames);
  const PortId asleep = static_cast<PortId>(daemon.port + 2);
  std::shared_ptr<PortCounters> counters;
  for (size_t i = 0; i < daemon.box.recorder.opened_count(); ++i) {
    const auto each = daemon.box.recorder.opened_at(i);
    if (each.port == asleep) counters = each.counters;
  }
  REQUIRE(counters);
  CHECK(counters->picked.get() == kFrames);
  const uint64_t full = counters->tx_drops[static_cast<size_t>(TxDrop::queue_full)].get();
  CHECK(full > 0);
  CHECK(counters->tx_frames.get() + counters->queued.get() + full == kFrames);
  // What waits for it is bounded, and still there.
  int late = 0;
  for (int i = 0; i < 200; ++i) {
    daemon.box.engine.breathe(5);
    while (sleeper.heard()) ++late;
  }
  CHECK(late + static_cast<int>(full) == kFrames);
}

TEST_CASE("switch: a client whose data socket goes while frames wait for it leaves, without another frame") {
  const FaultScope faults;
  SwitchDaemon daemon;
  SwitchClient sender(daemon.path), client(daemon.path);
  for (SwitchClient* each : {&sender, &client}) daemon.join(*each);
  Faults::fail_sendmmsg(ENOBUFS, 1);
  CHECK(sender.send(make_frame(kBroadcastMac, station(1))) == 0);
  client.data.fd.reset();
  CHECK(daemon.box.breathe_until([&] { return daemon.ports() == 2; }));
}

TEST_CASE("switch: without descriptors it turns clients away, does not spin, and recovers") {
  SwitchDaemon daemon;
  SwitchClient before(daemon.path);
  daemon.join(before);
  rlimit saved{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &saved) == 0);
  std::list<Fd> ballast;
  std::vector<Fd> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(std::move(unix_socket(SOCK_STREAM).value()));
  const Fd late = std::move(clients.back());
  clients.pop_back();
  rlimit few = saved;
  few.rlim_cur = 200;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  for (Fd fd(dup(0)); fd; fd = Fd(dup(0))) ballast.push_back(std::move(fd));
  for (const Fd& fd : clients) CHECK(unix_connect(fd.get(), daemon.path).ok());
  CHECK(daemon.box.breathe_until([&] { return daemon.refused() == 3; }));
  CHECK(daemon.state() == PortState::degraded);
  for (const Fd& fd : clients) CHECK(is_closed(fd));
  CHECK(daemon.last_refusal().find("no descriptors left") != std::string::npos);
  // Who was there goes on.
  CHECK(before.send(make_frame(kBroadcastMac, station(1))) == 0);
  // Nothing is ready, so a breath lasts until the next look.
  uint32_t breaths = 0;
  const uint64_t end = monotonic_ns() + 600'000'000;
  for (; monotonic_ns() < end; ++breaths) daemon.box.engine.breathe(100);
  CHECK(breaths < 20);
  // Nor does somebody who comes later wait for an answer.
  CHECK(unix_connect(late.get(), daemon.path).ok());
  CHECK(daemon.box.breathe_until([&] { return daemon.refused() == 4; }));
  CHECK(is_closed(late));
  ballast.clear();
  CHECK(setrlimit(RLIMIT_NOFILE, &saved) == 0);
  CHECK(daemon.box.breathe_until([&] { return daemon.state() == PortState::up; }));
  SwitchClient after(daemon.path);
  daemon.join(after);
}

TEST_CASE("switch: what is refused in a configuration") {
  const auto field = [](const char* key, Config::Value value) {
    Config config;
    if (std::string(key) != "socket") config.set("socket", std::string("/x"));
    if (std::string(key) != "clients") config.set("clients", int64_t{10});
    config.set(key, std::move(value));
    const auto made = make_port("switch", config);
    return made ? std::string() : made.error().field;
  };
  CHECK(field("mode", std::string("umask")).empty());
  CHECK(field("mode", std::string("0660")).empty());
  CHECK(field("mode", std::string("rw")) == "mode");
  CHECK(field("socket", int64_t{1}) == "socket");
  CHECK(field("clients", int64_t{0}) == "clients");
  CHECK(field("clients", int64_t{65536}) == "clients");
  CHECK(field("group", std::string("no such group")) == "group");
  CHECK(field("mtu", int64_t{67}) == "mtu");
}
