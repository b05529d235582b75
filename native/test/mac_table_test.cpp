// MacTable.
#include "core/mac_table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "test/support/frames.h"
#include "test/support/random.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {
constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kAge = 300 * kSecond;

constexpr PortId kLastPort = 1001;

MacTable make_table(uint32_t capacity, uint64_t ageing_ns, uint64_t seed, uint32_t port_limit = 0) {
  MacTable table(capacity, ageing_ns, seed, port_limit);
  table.add_port(kLastPort);
  return table;
}

void put(MacTable& table, StationKey key, PortId port, uint64_t now) {
  MacTable::Entry* entry = table.learn(key, port, now);
  REQUIRE(entry != nullptr);
  REQUIRE(entry->port == port);
}
}  // namespace

TEST_CASE("mac table: finds what it was told, per VLAN") {
  MacTable table = make_table(100, kAge, 1);
  CHECK(table.find(station(1), kSecond) == nullptr);
  put(table, station_key(station(1), 0), 3, kSecond);
  put(table, station_key(station(1), 5), 4, kSecond);
  CHECK(table.find(station_key(station(1), 0), kSecond)->port == 3);
  CHECK(table.find(station_key(station(1), 5), kSecond)->port == 4);
  CHECK(table.find(station_key(station(1), 6), kSecond) == nullptr);
  CHECK(table.size() == 2);
}

TEST_CASE("mac table: forgets after the ageing time, counted from when the station was last heard") {
  MacTable table = make_table(100, kAge, 1);
  put(table, station(1), 3, kSecond);
  CHECK(table.find(station(1), kSecond + kAge) != nullptr);
  CHECK(table.find(station(1), kSecond + kAge + 1) == nullptr);
  table.learn(station(1), 3, 100 * kSecond);
  CHECK(table.find(station(1), 100 * kSecond + kAge) != nullptr);
  // Heard again after it had been forgotten: a new entry, without the old one's moves.
  table.learn(station(1), 3, 100 * kSecond)->flaps = 5;
  CHECK(table.learn(station(1), 4, 1000 * kSecond)->flaps == 0);
  CHECK(table.size() == 1);
}

TEST_CASE("mac table: time that seems to run backwards forgets nothing") {
  MacTable table = make_table(100, kAge, 1);
  put(table, station(1), 3, 500 * kSecond);
  CHECK(table.find(station(1), 100 * kSecond) != nullptr);
}

TEST_CASE("mac table: bounded at every capacity, also the smallest") {
  for (const uint32_t capacity : {1u, 2u, 3u, 7u, 8u, 64u, 1000u}) {
    CAPTURE(capacity);
    MacTable table = make_table(capacity, kAge, 99);
    CHECK(table.capacity() == capacity);
    for (uint32_t i = 0; i < capacity; ++i) put(table, station(i), static_cast<PortId>(i + 1), kSecond);
    CHECK(table.size() == capacity);
    for (uint32_t i = 0; i < 10; ++i) CHECK(table.learn(station(capacity + i), 1, kSecond) == nullptr);
    CHECK(table.find(station(capacity), kSecond) == nullptr);
    for (uint32_t i = 0; i < capacity; ++i) CHECK(table.find(station(i), kSecond)->port == i + 1);
    CHECK(table.learn(station(0), 1, kSecond) != nullptr);
  }
}

TEST_CASE("mac table: a full table reclaims the expired, at most once a second") {
  MacTable table = make_table(4, kAge, 1);
  for (uint32_t i = 0; i < 4; ++i) put(table, station(i), 1, (1 + i) * kSecond);
  uint64_t now = kAge + 2 * kSecond + 1;  // two of four have expired
  put(table, station(10), 2, now);
  CHECK(table.size() == 3);
  put(table, station(11), 2, now);
  CHECK(table.learn(station(12), 2, now) == nullptr);
  now += kSecond * 3 / 2;  // the third has expired, and the last look is more than a second ago
  CHECK(table.find(station(2), now) == nullptr);
  put(table, station(12), 2, now);
  CHECK(table.find(station(12), now)->port == 2);
  CHECK(table.find(station(11), now)->port == 2);
  now += kSecond / 2;  // the fourth has expired, but the last look was just now
  CHECK(table.find(station(3), now + 1) == nullptr);
  CHECK(table.learn(station(13), 2, now + 1) == nullptr);
  put(table, station(13), 2, now + kSecond / 2);
}

TEST_CASE("mac table: forgets a port, and its traces in moves") {
  MacTable table = make_table(1000, kAge, 1);
  for (uint32_t i = 0; i < 300; ++i) put(table, station(i), static_cast<PortId>(1 + i % 3), kSecond);
  MacTable::Entry* moved = table.learn(station(0), 1, kSecond);  // on port 1, came from 2
  moved->previous = 2;
  moved->flaps = 9;
  table.forget_port(2);
  CHECK(table.size() == 200);
  for (uint32_t i = 0; i < 300; ++i) CHECK((table.find(station(i), kSecond) == nullptr) == (i % 3 == 1));
  CHECK(table.find(station(0), kSecond)->previous == kNoPort);
  CHECK(table.find(station(0), kSecond)->flaps == 0);
}

TEST_CASE("mac table: each() shows the living") {
  MacTable table = make_table(10, kAge, 1);
  put(table, station(1), 1, kSecond);
  put(table, station(2), 1, 200 * kSecond);
  std::vector<StationKey> seen;
  table.each(kAge + 2 * kSecond, [&](const MacTable::Entry& entry) { seen.push_back(entry.key); });
  REQUIRE(seen.size() == 1);
  CHECK(seen[0] == station(2));
}

// Without the seed in the hash, sets that collide under one seed would collide under all: a station could
// choose such addresses. The order of each() is that of the slots, so it shows where the hash put the
// stations.
TEST_CASE("mac table: the seed keys the hash") {
  const auto order = [](uint64_t seed) {
    MacTable table = make_table(256, kAge, seed);
    for (uint32_t i = 0; i < 128; ++i) put(table, station(i), 1, kSecond);
    std::vector<StationKey> keys;
    table.each(kSecond, [&](const MacTable::Entry& entry) { keys.push_back(entry.key); });
    return keys;
  };
  CHECK(order(11) == order(11));
  CHECK(order(11) != order(12345));
  CHECK(order(0x8000'0000'0000'0001) != order(1));
}

TEST_CASE("mac table: against a model") {
  for (const uint64_t seed : {uint64_t{0}, uint64_t{0xdead'beef'1234'5678}}) {
    Random random(7 + seed);
    constexpr uint32_t kCapacity = 200;
    MacTable table = make_table(kCapacity, 50 * kSecond, seed);
    struct Known {
      PortId port;
      uint64_t seen;
    };
    std::map<StationKey, Known> model;  // with the expired ones, as the table
    uint64_t now = kSecond;
    for (int step = 0; step < 100'000; ++step) {
      now += random.below(3) * kSecond / 2;
      const StationKey key = station_key(station(random.below(300)), static_cast<uint16_t>(random.below(2)));
      const auto known = model.find(key);
      const bool alive = known != model.end() && now - known->second.seen <= 50 * kSecond;
      if (random.one_in(400)) {
        const auto port = static_cast<PortId>(1 + random.below(4));
        table.forget_port(port);
        std::erase_if(model, [&](const auto& each) { return each.second.port == port; });
      } else if (random.one_in(3)) {
        const MacTable::Entry* found = table.find(key, now);
        REQUIRE((found != nullptr) == alive);
        if (alive) REQUIRE(found->port == known->second.port);
      } else {
        const auto port = static_cast<PortId>(1 + random.below(4));
        if (table.learn(key, port, now) == nullptr) {
          // Only a full table refuses, and not what it knows.
          REQUIRE(table.size() == kCapacity);
          REQUIRE(known == model.end());
          continue;
        }
        model[key] = {port, now};
        // What the table reclaimed is gone in the model too.
        if (model.size() > table.size()) {
          std::erase_if(model, [&](const auto& each) { return now - each.second.seen > 50 * kSecond; });
        }
      }
      REQUIRE(table.size() <= kCapacity);
      REQUIRE(table.size() == model.size());
    }
  }
}
