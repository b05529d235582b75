// FrameBatch and its pool: lease, fill by copy, give back.
#include "bench.h"
#include "core/batch.h"
#include "core/pool.h"

namespace ethercast::bench {

namespace {

Case append_case(uint32_t length) {
  return {"FrameBatch append, " + std::to_string(length) + " octets", [=]() -> Work {
            auto pool = std::make_shared<BatchPool>();
            auto frame = std::make_shared<std::vector<uint8_t>>(length, uint8_t{0xa5});
            return [pool, frame](uint64_t n) {
              uint64_t done = 0;
              while (done < n) {
                const BatchPtr batch = pool->lease();
                while (!batch->full()) batch->append(*frame, 0);
                keep(batch->slab()[FrameBatch::kHeadroom]);
                done += batch->size();
              }
              return done;
            };
          }};
}

Case lease_case() {
  return {"BatchPool lease and return", []() -> Work {
            auto pool = std::make_shared<BatchPool>();
            return [pool](uint64_t n) {
              for (uint64_t i = 0; i < n; ++i) keep(pool->lease().get());
              return n;
            };
          }};
}

}  // namespace

std::vector<Case> batch_cases() { return {append_case(64), append_case(1514), lease_case()}; }

}  // namespace ethercast::bench
