// Datagrams of two senders through a switch of four ports, as the input says; ports come and go, time passes.
// Whatever arrives, what leaves is a frame, leaves where it may, and is counted.
#include <map>
#include <set>

#include "core/fabric.h"
#include "fuzz/input.h"

using namespace ethercast;
using namespace ethercast::fuzz;

namespace {

struct Books {
  PortCounters counters;
  uint64_t rx = 0, left = 0, picked = 0;
};

void check(const Books& books) {
  const PortCounters& counters = books.counters;
  uint64_t drops = 0;
  for (const Counter& each : counters.rx_drops) drops += each.get();
  ETHERCAST_MUST(counters.forwarded.get() == books.left);
  ETHERCAST_MUST(books.rx == books.left + drops);
  ETHERCAST_MUST(counters.picked.get() == books.picked);
  ETHERCAST_MUST(counters.flooded.get() <= counters.forwarded.get());
}

// One to 128 datagrams, of octets from the input, some with a plausible header in front.
void fill(FrameBatch& batch, Input& input) {
  const uint8_t count = input.octet() % FrameBatch::kMaxFrames + 1;
  for (uint8_t i = 0; i < count && !input.empty(); ++i) {
    const uint8_t shape = input.octet();
    if (shape % 4 != 0) {
      // Few stations, so that they are learned, move, and alternate.
      uint8_t header[18] = {0xfe, 0xfd, 0, 0, 0, 0, 0xfe, 0xfd, 0, 0, 0, 0, 0x81, 0};
      header[5] = shape >> 2 & 7;
      header[11] = shape >> 5;
      if (shape % 4 == 3) header[0] = 0xff;
      if (shape % 4 == 2) header[15] = input.octet();
      const size_t length = shape % 4 == 2 ? 18 : 14;
      batch.append(std::span(header, length), input.run(input.octet() % 32), 1);
    } else {
      batch.append(input.run(input.octet() % 64), 1);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  const uint8_t how = input.octet();
  Fabric fabric({.forwarding = how % 2 == 0 ? Forwarding::learning : Forwarding::hub,
                 .ageing_ns = how % 4 < 2 ? 300'000'000'000u : 1'000'000u,
                 .table_capacity = how % 8 < 4 ? 256u : 4u,
                 .hash_seed = how});
  std::map<PortId, Books> books;
  std::set<PortId> ports;
  PortId last = 0;
  const auto add = [&] {
    ++last;
    fabric.add_port(last, books[last].counters, last % 2 == 0 ? 1514 : 40);
    ports.insert(last);
  };
  // Taken after each call that may cause some, as the engine does.
  const auto check_events = [&] {
    for (const LoopEvent& event : fabric.take_events()) {
      ETHERCAST_MUST(ports.count(event.port) == 1);
      ETHERCAST_MUST(event.blocked == (ports.count(event.other) == 1));
    }
  };
  for (int i = 0; i < 4; ++i) add();
  static FrameBatch batch;  // its slab is large: made once
  uint64_t now = 1'000'000'000;

  while (!input.empty()) {
    const uint8_t operation = input.octet();
    if (operation >= 250 && ports.size() < 8 && last < 200) {
      add();
      continue;
    }
    if (operation >= 244 && !ports.empty()) {
      const PortId gone = *std::next(ports.begin(), operation % ports.size());
      fabric.remove_port(gone);
      ports.erase(gone);
      continue;
    }
    if (operation >= 230) {
      now += input.number<uint32_t>() * uint64_t{operation};
      fabric.expire(now);
      check_events();
      const uint64_t deadline = fabric.next_deadline_ns();
      ETHERCAST_MUST(deadline == 0 || (deadline > now && deadline <= now + Fabric::kLoopBlock_ns));
      continue;
    }
    if (ports.empty()) continue;
    // Two senders, mostly.
    const PortId ingress =
        *std::next(ports.begin(), (operation < 200 ? operation % 2 : operation) % ports.size());
    batch.clear();
    fill(batch, input);
    now += operation * 10'000;
    books[ingress].rx += batch.size();
    std::set<uint16_t> left;
    for (const auto& [port, picks] : fabric.forward(batch, ingress, now)) {
      ETHERCAST_MUST(port != ingress && ports.count(port) == 1 && !picks.empty());
      for (size_t i = 0; i < picks.size(); ++i) {
        ETHERCAST_MUST(picks[i] < batch.size());
        ETHERCAST_MUST(i == 0 || picks[i - 1] < picks[i]);
        ETHERCAST_MUST(batch.meta(picks[i]).length >= kEtherHeader);
        left.insert(picks[i]);
      }
      books[port].picked += picks.size();
    }
    books[ingress].left += left.size();
    check_events();
    ETHERCAST_MUST(fabric.table().size() <= fabric.table().capacity());
    check(books[ingress]);
  }
  for (const auto& [port, each] : books) check(each);
  return 0;
}
