// A hundred clients of one switch daemon: they come, are learned, talk, leave in good order and without.
#include <doctest/doctest.h>

#include <vector>

#include "test/support/switch_daemon.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

constexpr uint32_t kClients = 100;

// Frames that wait for a client.
int count_heard(const SwitchClient& client) {
  int heard = 0;
  while (client.heard()) ++heard;
  return heard;
}

}  // namespace

TEST_CASE("switch: a hundred clients come at once, and everybody hears everybody") {
  SwitchDaemon daemon;
  std::vector<std::unique_ptr<SwitchClient>> clients;
  // All of them knock before the first is let in.
  for (uint32_t i = 0; i < kClients; ++i) clients.push_back(std::make_unique<SwitchClient>(daemon.path));
  for (const auto& client : clients) daemon.join(*client);
  CHECK(daemon.ports() == 1 + kClients);
  CHECK(daemon.refused() == 0);

  for (uint32_t i = 0; i < kClients; ++i) {
    CHECK(clients[i]->send(make_frame(kBroadcastMac, station(i + 1), 60, i)) == 0);
    daemon.box.settle(3);
    int heard = 0;
    for (const auto& client : clients) heard += count_heard(*client);
    CHECK(heard == kClients - 1);
    CHECK(count_heard(*clients[i]) == 0);
  }
  // Learned: to one is to one.
  for (uint32_t i = 0; i < kClients; ++i) {
    const uint32_t to = (i * 37 + 11) % kClients;
    if (to == i) continue;
    CHECK(clients[i]->send(make_frame(station(to + 1), station(i + 1), 1514, i)) == 0);
    daemon.box.settle(3);
    int heard = 0;
    for (const auto& client : clients) heard += count_heard(*client);
    CHECK(heard == 1);
  }
}

TEST_CASE("switch: no station of a client that has left leads anywhere, however many it had") {
  SwitchDaemon daemon;
  auto many = std::make_unique<SwitchClient>(daemon.path);
  SwitchClient asks(daemon.path), watches(daemon.path);
  for (SwitchClient* const client : {many.get(), &asks, &watches}) daemon.join(*client);
  constexpr uint32_t kStations = 8;  // no more than the shortest queue of a socket holds
  for (uint32_t i = 0; i < kStations; ++i) {
    CHECK(many->send(make_frame(kBroadcastMac, station(100 + i))) == 0);
    daemon.box.settle(2);
  }
  count_heard(asks);
  CHECK(count_heard(watches) == kStations);
  for (uint32_t i = 0; i < kStations; ++i) {
    CHECK(asks.send(make_frame(station(100 + i), station(1))) == 0);
    daemon.box.settle(2);
  }
  CHECK(count_heard(*many) >= 1);
  CHECK(count_heard(watches) == 0);
  // As after a kill -9: both sockets go, and nothing is said.
  many.reset();
  REQUIRE(daemon.box.breathe_until([&] { return daemon.ports() == 3; }));
  for (uint32_t i = 0; i < kStations; ++i) {
    CHECK(asks.send(make_frame(station(100 + i), station(1))) == 0);
    daemon.box.settle(2);
    CHECK(count_heard(watches) == 1);
  }
}

TEST_CASE("switch: a client whose data socket alone is gone is told so, and the others go on") {
  SwitchDaemon daemon;
  SwitchClient deaf(daemon.path), sender(daemon.path), reader(daemon.path);
  for (SwitchClient* const client : {&deaf, &sender, &reader}) daemon.join(*client);
  deaf.data.fd.reset();
  CHECK(sender.send(make_frame(kBroadcastMac, station(1))) == 0);
  REQUIRE(daemon.box.breathe_until([&] { return daemon.ports() == 3; }));
  CHECK(is_closed(deaf.control));
  CHECK(count_heard(reader) == 1);
}
