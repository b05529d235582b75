// The bess port as client: listeners that come, go, and end every connection.
#include <doctest/doctest.h>

#include <cerrno>
#include <utility>

#include "core/backoff.h"
#include "test/support/fake_host.h"
#include "test/support/listener_rig.h"

using namespace ethercast;
using namespace ethercast::test;

TEST_CASE("bess: a client of ours, and the listener comes and goes") {
  const Folder folder;
  Member missing("bess", connecting(folder / "lan"));
  REQUIRE_FALSE(missing.open());
  CHECK(missing.error().os_errno == ENOENT);

  Member client("bess", connecting(folder / "lan", true));
  REQUIRE(client.open());
  CHECK(client.box.recorder.opened(1).state == PortState::opening);
  client.send(kHello);
  CHECK(client.box.dropped(client.port, TxDrop::no_peer) == 1);
  const auto state = [&] { return client.box.recorder.events().back().second.state; };
  {
    Member lan("bess", listening(folder / "lan"));
    REQUIRE(lan.open());
    REQUIRE(client.box.breathe_until([&] { return state() == PortState::up; }));
    CHECK(client.counters().reconnects.get() == 0);
    client_of(lan);
    client.send(kHello);
    REQUIRE(lan.hears(1));
    lan.send(kAnswer);
    REQUIRE(client.hears(1));
    CHECK(client.heard()[0] == kAnswer);
  }
  REQUIRE(client.box.breathe_until([&] { return state() == PortState::reconnecting; }));
  client.send(kHello);
  CHECK(client.box.dropped(client.port, TxDrop::no_peer) >= 2);
  Member again("bess", listening(folder / "lan"));
  REQUIRE(again.open());
  REQUIRE(client.box.breathe_until([&] { return state() == PortState::up; }));
  CHECK(client.counters().reconnects.get() == 1);
  client_of(again);
  client.send(kHello);
  CHECK(again.hears(1));
}

TEST_CASE("bess: reconnect=off closes with the listener") {
  const Folder folder;
  auto lan = std::make_unique<Member>("bess", listening(folder / "lan"));
  Member client("bess", connecting(folder / "lan", false, false));
  REQUIRE(client.open());
  client_of(*lan);
  lan.reset();
  CHECK(is_gone(client, client.port));
}

TEST_CASE("bess: a listener that ends each connection is asked ever less often") {
  const Folder folder;
  const Fd socket = std::move(unix_socket(SOCK_SEQPACKET).value());
  auto name = UnixName::bind(socket.get(), SOCK_SEQPACKET, folder / "lan", {});
  REQUIRE(name.ok());
  REQUIRE(listen(socket.get(), 8) == 0);
  Member client("bess", connecting(folder / "lan"));
  REQUIRE(client.open());
  int taken = 0;
  client.box.breathe_until(
      [&] {
        while (Fd(accept(socket.get(), nullptr, nullptr))) ++taken;
        return false;
      },
      1200);
  // At once, after 0.1, 0.3, 0.7 s.
  CHECK(taken >= 3);
  CHECK(taken <= 4);
}

TEST_CASE("bess: a connection that can't be watched is none, and is tried again") {
  const Folder folder;
  FakeHost host;
  auto port = std::move(make_port("bess", connecting(folder / "lan", true)).value());
  REQUIRE(port->open(host));
  const Fd listener = std::move(unix_socket(SOCK_SEQPACKET).value());
  const auto name = unix_address(folder / "lan").value();
  REQUIRE(bind(listener.get(), name.get(), name.length) == 0);
  REQUIRE(listen(listener.get(), 4) == 0);
  for (const int os_errno : {ENOMEM, ENOSPC, 0}) {
    host.watch_errno = os_errno;
    REQUIRE(host.deadline != 0);
    host.now = std::exchange(host.deadline, 0);
    port->on_timer(host.now);
  }
  CHECK(host.events.back().state == PortState::up);
  port->close();
}
