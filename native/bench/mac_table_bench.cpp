// MacTable: finding and refreshing stations, in random order.
#include <algorithm>
#include <numeric>
#include <random>

#include "bench.h"
#include "core/mac_table.h"
#include "frames.h"

namespace ethercast::bench {

namespace {

constexpr uint64_t kNow_ns = 1'000'000'000'000;
constexpr uint64_t kAgeing_ns = 300'000'000'000;

struct Stations {
  explicit Stations(uint32_t count) : table(std::max(16384u, count), kAgeing_ns, 42), keys(count) {
    table.add_port(1);
    std::iota(keys.begin(), keys.end(), station(0));
    std::shuffle(keys.begin(), keys.end(), std::mt19937(1));
    for (const StationKey key : keys) table.learn(key, 1, kNow_ns);
    std::shuffle(keys.begin(), keys.end(), std::mt19937(2));
  }
  MacTable table;
  std::vector<StationKey> keys;
};

template <typename Look>
Case case_of(const std::string& what, uint32_t count, Look look) {
  return {"MacTable." + what + ", " + std::to_string(count) + " stations", [=]() -> Work {
            auto stations = std::make_shared<Stations>(count);
            return [stations, look](uint64_t n) {
              uint64_t done = 0;
              while (done < n) {
                for (const StationKey key : stations->keys) keep(look(stations->table, key));
                done += stations->keys.size();
              }
              return done;
            };
          }};
}

}  // namespace

std::vector<Case> mac_table_cases() {
  std::vector<Case> cases;
  for (const uint32_t count : {1'000, 100'000}) {
    cases.push_back(
        case_of("find", count, [](MacTable& table, StationKey key) { return table.find(key, kNow_ns); }));
    cases.push_back(case_of("find, unknown", count, [](MacTable& table, StationKey key) {
      return table.find(key + (1ULL << 32), kNow_ns);
    }));
    cases.push_back(case_of("learn", count,
                            [](MacTable& table, StationKey key) { return table.learn(key, 1, kNow_ns); }));
  }
  return cases;
}

}  // namespace ethercast::bench
