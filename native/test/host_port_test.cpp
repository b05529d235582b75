// The host port: rings on one side, a switch on the other.
#include <doctest/doctest.h>

#include "ports/host.h"
#include "test/support/engine_box.h"
#include "test/support/ring_memory.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

// The program's side of a host port.
struct Program {
  explicit Program(uint32_t capacity = 1 << 20)
      : to_box(capacity), from_box(capacity), reader(to_box.memory()), writer(from_box.memory()) {
    REQUIRE(bell->open().ok());
  }
  HostPortOptions options(uint32_t max_frame = 65535) {
    return {to_box.memory(), from_box.memory(), max_frame, bell, [this] { ++wakes; }};
  }
  void write(const Octets& frame) {
    REQUIRE(writer.write(std::span<const uint8_t>(frame), 0, 0));
    if (writer.publish()) bell->ring_mt();
  }
  std::vector<Octets> read() {
    std::vector<Octets> frames;
    std::span<const uint8_t> frame;
    while (reader.next(65535, frame) == RingReader::Next::frame) {
      frames.push_back(copy(frame));
      reader.advance();
    }
    reader.release();
    return frames;
  }

  RingBox to_box, from_box;
  RingReader reader;
  RingWriter writer;
  std::shared_ptr<Wake> bell = std::make_shared<Wake>();
  int wakes = 0;
};

struct Setup {
  explicit Setup(uint32_t capacity = 1 << 20, uint32_t max_frame = 65535)
      : program(capacity), other(std::make_shared<FakeState>(Caps{.max_frame = 65535})) {
    auto made = make_host_port(program.options(max_frame));
    REQUIRE(made.ok());
    port = box.add(std::move(made.value()), "host");
    box.add(other);
  }
  Program program;
  EngineBox box;  // after the rings' memory: it goes first
  std::shared_ptr<FakeState> other;
  PortId port;
};

}  // namespace

TEST_CASE("host port: frames out of the program, and into it") {
  Setup setup;
  const Octets out = make_frame(kBroadcastMac, station(1), 99, 1),
               in = make_frame(station(1), station(2), 1514, 2);
  setup.program.write(out);
  setup.box.settle();
  CHECK(setup.other->sent == std::vector<Octets>{out});
  setup.other->give(in);
  setup.box.settle();
  CHECK(setup.program.read() == std::vector<Octets>{in});
  const auto counters = setup.box.counters(setup.port);
  CHECK(counters->rx_frames.get() == 1);
  CHECK(counters->rx_octets.get() == 99);
  CHECK(counters->tx_frames.get() == 1);
  CHECK(counters->tx_octets.get() == 1514);
}

TEST_CASE("host port: the program is woken when it sleeps, and only then") {
  Setup setup;
  setup.other->give(make_frame(kBroadcastMac, station(2)));
  setup.box.settle();
  CHECK(setup.program.wakes == 0);
  CHECK(setup.program.read().size() == 1);
  CHECK(setup.program.reader.sleep());
  for (int i = 0; i < 5; ++i) {
    setup.other->give(make_frame(kBroadcastMac, station(2)));
    setup.box.settle(2);
  }
  CHECK(setup.program.wakes == 1);
  CHECK(setup.program.read().size() == 5);
}

TEST_CASE("host port: sleeps, asks for a bell, and misses nothing") {
  Setup setup;
  setup.box.settle();
  CHECK(setup.program.from_box.word(ring::kConsumerWaitsWord).load() == 1);
  for (uint32_t i = 0; i < 1000; ++i) {
    setup.program.write(make_frame(kBroadcastMac, station(1), 60, i));
    if (i % 7 == 0) setup.box.engine.breathe(0);
  }
  REQUIRE(setup.box.breathe_until([&] { return setup.other->sent.size() == 1000; }));
  for (uint32_t i = 0; i < 1000; ++i)
    REQUIRE(setup.other->sent[i] == make_frame(kBroadcastMac, station(1), 60, i));
}

TEST_CASE("host port: a program that waits for room is woken when all has been taken") {
  Setup setup(1 << 16, 1514);
  const Octets frame = make_frame(kBroadcastMac, station(1), 1000);
  while (setup.program.writer.write(std::span<const uint8_t>(frame), 0, 0)) continue;
  setup.program.from_box.word(ring::kProducerWaitsWord).store(1);
  if (setup.program.writer.publish()) setup.program.bell->ring_mt();
  REQUIRE(setup.box.breathe_until([&] { return setup.program.wakes == 1; }));
  CHECK(setup.program.from_box.word(ring::kProducerWaitsWord).load() == 0);
  CHECK(setup.program.writer.write(std::span<const uint8_t>(frame), 0, 0));
}

TEST_CASE("host port: a program that does not read loses frames, counted, and nobody else does") {
  Setup setup(1 << 16, 1514);
  const auto bystander = std::make_shared<FakeState>();
  setup.box.add(bystander);
  for (uint32_t i = 0; i < 200; ++i) setup.other->give(make_frame(kBroadcastMac, station(2), 1000, i));
  setup.box.settle();
  const auto counters = setup.box.counters(setup.port);
  const uint64_t dropped = setup.box.dropped(setup.port, TxDrop::ring_full);
  CHECK(dropped > 100);
  CHECK(counters->picked.get() == 200);
  CHECK(counters->tx_frames.get() + dropped == 200);
  CHECK(setup.program.read().size() == 200 - dropped);
  CHECK(bystander->sent.size() == 200);
}

TEST_CASE("host port: a hostile ring is counted, does not spin, and honest frames pass afterwards") {
  Setup setup;
  setup.box.settle();
  setup.program.from_box.set_head(5);
  setup.program.bell->ring_mt();
  setup.box.settle();
  const auto counters = setup.box.counters(setup.port);
  CHECK(setup.box.dropped(setup.port, RxDrop::bad_ring) == 1);
  CHECK(counters->rx_frames.get() == 1);
  CHECK(setup.program.from_box.word(ring::kConsumerWaitsWord).load() == 1);
  setup.program.write(make_frame(kBroadcastMac, station(1)));
  setup.program.bell->ring_mt();
  setup.box.settle();
  CHECK(setup.other->sent.size() == 1);
}

TEST_CASE("host port: frames longer than agreed are bad, shorter than a header are runts") {
  Setup setup(1 << 20, 1514);
  setup.program.write(Octets(13));
  setup.program.write(make_frame(kBroadcastMac, station(1), 1514));
  setup.program.write(make_frame(kBroadcastMac, station(1), 1515));
  setup.box.settle();
  CHECK(setup.other->sent.size() == 1);
  CHECK(setup.box.dropped(setup.port, RxDrop::runt) == 1);
  CHECK(setup.box.dropped(setup.port, RxDrop::bad_ring) == 1);
}

TEST_CASE("host port: rings that can't be are refused") {
  Program program;
  HostPortOptions options = program.options();
  options.to_program = RingMemory(nullptr, 0);
  CHECK(make_host_port(options).error().field == "ring");
  options = program.options();
  options.from_program = RingMemory(program.from_box.octets() + 4, ring::kHeaderOctets + (1 << 16));
  CHECK(make_host_port(options).error().field == "ring");
  for (const uint32_t max_frame : {0u, 13u, 65536u}) {
    CHECK(make_host_port(program.options(max_frame)).error().field == "maxFrame");
  }
  Program small(1 << 16);
  CHECK(make_host_port(small.options(32752)).ok());
  CHECK(make_host_port(small.options(32753)).error().field == "maxFrame");
}

TEST_CASE("host port: what was written before it opened is found") {
  Program program;
  program.write(make_frame(kBroadcastMac, station(1)));
  EngineBox box;
  const auto other = std::make_shared<FakeState>();
  box.add(other);
  box.add(std::move(make_host_port(program.options()).value()), "host");
  box.settle();
  CHECK(other->sent.size() == 1);
  box.engine.stop_mt();
}
