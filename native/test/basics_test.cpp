// The small things everything else stands on: errors, results, configuration, MACs, the Ethernet header,
// counters.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "core/config.h"
#include "core/counters.h"
#include "core/errc.h"
#include "core/ether.h"
#include "core/mac.h"
#include "core/port.h"
#include "core/result.h"
#include "test/support/frames.h"

using namespace ethercast;
using namespace ethercast::test;

TEST_CASE("result: a value or an error") {
  const Result<int> good = 7;
  CHECK(good.ok());
  CHECK(good.value() == 7);
  const Result<int> bad = Error::of(Errc::closed, "gone");
  CHECK_FALSE(bad);
  CHECK(bad.error().code == Errc::closed);
  CHECK(bad.error().message == "gone");
  CHECK(Result<>().ok());
  const Result<> nothing = Error::bad_field("ttl", "too large");
  CHECK_FALSE(nothing.ok());
  CHECK(nothing.error().field == "ttl");
}

TEST_CASE("result: holds what can only be moved") {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = std::move(made.value());
  CHECK(*taken == 3);
}

TEST_CASE("error: an os error keeps its errno and its call") {
  const Error error = Error::os(13, "bind", "not allowed");
  CHECK(error.code == Errc::os);
  CHECK(error.os_errno == 13);
  CHECK(std::string(error.syscall) == "bind");
}

TEST_CASE("errc: every code has a name of its own") {
  std::set<std::string> names;
  for (int code = 0; code <= static_cast<int>(Errc::os); ++code)
    names.insert(errc_name(static_cast<Errc>(code)));
  CHECK(names.size() == static_cast<size_t>(Errc::os) + 1);
}

TEST_CASE("port states have names") {
  CHECK(std::string(port_state_name(PortState::up)) == "up");
  CHECK(std::string(port_state_name(PortState::degraded)) == "degraded");
  CHECK(std::string(port_state_name(PortState::blocked)) == "blocked");
  CHECK(std::string(port_state_name(PortState::closed)) == "closed");
}

TEST_CASE("config: kinds and ranges are checked, and the error names the field") {
  Config config;
  config.set("port", int64_t{1102});
  config.set("group", std::string("239.192.168.1"));
  config.set("loop", true);
  CHECK(config.has("port"));
  CHECK_FALSE(config.has("ttl"));
  CHECK(config.integer("port", 1, 65535).value() == 1102);
  CHECK(config.integer("port", 1102, 1102).ok());
  CHECK_FALSE(config.integer("port", 1103, 65535).ok());
  CHECK_FALSE(config.integer("port", 1, 1101).ok());
  CHECK(config.integer("port", 1, 80).error().field == "port");
  CHECK(config.integer("port", 1, 80).error().message == "port 1102 is out of range: allowed are 1 to 80");
  CHECK(config.text("group").value() == "239.192.168.1");
  CHECK(config.flag("loop").value());
  CHECK(config.text("port").error().code == Errc::field);
  CHECK(config.flag("group").error().field == "group");
  CHECK(config.integer("loop", 0, 1).error().field == "loop");
  CHECK(config.text("missing").error().field == "missing");
}

TEST_CASE("mac: the first octet on the wire is the most significant") {
  const uint8_t octets[] = {0xfe, 0xfd, 0x00, 0x01, 0x02, 0x03};
  CHECK(read_mac(octets) == 0xfefd'0001'0203ULL);
  uint8_t written[6];
  put_mac(written, 0x0123'4567'89abULL);
  CHECK(read_mac(written) == 0x0123'4567'89abULL);
}

TEST_CASE("mac: group and individual addresses") {
  CHECK(is_group(kBroadcastMac));
  CHECK(is_group(0x0100'5e00'0001ULL));
  CHECK(is_group(0x3333'0000'0001ULL));
  CHECK_FALSE(is_group(0xfefd'0000'0001ULL));
  CHECK(is_individual(0xfefd'0000'0001ULL));
  CHECK_FALSE(is_individual(0));
  CHECK_FALSE(is_individual(kBroadcastMac));
  CHECK_FALSE(is_individual(0x0100'0000'0000ULL));
}

TEST_CASE("ether: the header's fields") {
  const Octets frame = make_frame(kBroadcastMac, station(5));
  CHECK(destination_mac(frame.data()) == kBroadcastMac);
  CHECK(source_mac(frame.data()) == station(5));
  CHECK(ether_type(frame.data()) == 0x88b5);
}

TEST_CASE("counters: names in the order of the block") {
  PortCounters counters;
  const auto* block = reinterpret_cast<const Counter*>(&counters);
  const auto value_of = [&](const std::string& name) {
    for (size_t i = 0; i < kCounterCount; ++i) {
      if (kCounterNames[i] == name) return block[i].get();
    }
    return ~uint64_t{0};
  };
  counters.rx_frames.add(3);
  counters.last_errno.set(11);
  counters.queued.add(9);
  counters.queued.subtract(4);
  counters.drop(RxDrop::runt);
  counters.drop(RxDrop::bad_ring, 5);
  counters.drop(TxDrop::oversize, 2);
  counters.drop(TxDrop::closed, 7);
  CHECK(value_of("rx_frames") == 3);
  CHECK(value_of("last_errno") == 11);
  CHECK(value_of("queued") == 5);
  CHECK(value_of("rx_drops.runt") == 1);
  CHECK(value_of("rx_drops.bad_ring") == 5);
  CHECK(value_of("tx_drops.oversize") == 2);
  CHECK(value_of("tx_drops.closed") == 7);
  CHECK(value_of("tx_frames") == 0);
  std::set<std::string> names(std::begin(kCounterNames), std::end(kCounterNames));
  CHECK(names.size() == kCounterCount);
}
