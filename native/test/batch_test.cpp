// FrameBatch and BatchPool.
#include "core/batch.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "core/pool.h"
#include "test/support/frames.h"

using namespace ethercast;
using namespace ethercast::test;

TEST_CASE("batch: takes 128 full Ethernet frames, with headroom before each") {
  FrameBatch batch;
  CHECK(batch.empty());
  uint32_t end_of_last = 0;
  for (uint32_t i = 0; i < FrameBatch::kMaxFrames; ++i) {
    REQUIRE(batch.append(pattern(1514, i), 1000 + i));
    const FrameMeta& meta = batch.meta(static_cast<uint16_t>(i));
    CHECK(meta.offset - end_of_last >= FrameBatch::kHeadroom);
    CHECK(meta.time_ns == 1000 + i);
    CHECK(meta.gso_size == 0);
    end_of_last = meta.offset + meta.length;
  }
  CHECK(batch.full());
  CHECK_FALSE(batch.append(pattern(60, 1), 0));
  CHECK(batch.size() == FrameBatch::kMaxFrames);
  for (uint32_t i = 0; i < FrameBatch::kMaxFrames; ++i) {
    CHECK(copy(batch.octets(static_cast<uint16_t>(i))) == pattern(1514, i));
  }
}

TEST_CASE("batch: takes four of the largest, then no more, and says so without changing") {
  FrameBatch batch;
  for (uint32_t i = 0; i < 4; ++i) REQUIRE(batch.append(pattern(65536, i), 0));
  CHECK_FALSE(batch.append(pattern(1, 0), 0));
  CHECK(batch.size() == 4);
  for (uint16_t i = 0; i < 4; ++i) CHECK(copy(batch.octets(i)) == pattern(65536, i));
}

TEST_CASE("batch: refuses what is longer than the slab") {
  FrameBatch batch;
  const Octets huge(FrameBatch::kSlabSize);
  CHECK_FALSE(batch.append(huge, 0));
  CHECK_FALSE(batch.append(std::span(huge).first(FrameBatch::kSlabSize - FrameBatch::kHeadroom + 1), 0));
  CHECK(batch.append(std::span(huge).first(FrameBatch::kSlabSize - FrameBatch::kHeadroom), 0));
  CHECK_FALSE(batch.append(std::span<const uint8_t>(huge).first(0), 0));
}

TEST_CASE("batch: joins a frame given in two pieces") {
  FrameBatch batch;
  const Octets whole = pattern(5000, 9);
  const std::span<const uint8_t> octets(whole);
  for (const size_t cut : {size_t{0}, size_t{1}, size_t{1984}, size_t{4999}, size_t{5000}}) {
    REQUIRE(batch.append(octets.first(cut), octets.subspan(cut), 0));
    CHECK(copy(batch.octets(static_cast<uint16_t>(batch.size() - 1))) == whole);
  }
}

TEST_CASE("batch: cleared, it is as new") {
  FrameBatch batch;
  FrameMeta& meta = batch.push(64, 60);
  meta.vlan = 5;
  meta.ingress = 3;
  batch.clear();
  CHECK(batch.empty());
  const FrameMeta& next = batch.push(128, 61);
  CHECK(next.vlan == 0);
  CHECK(next.ingress == kNoPort);
  CHECK(next.length == 61);
}

TEST_CASE("pool: bounded, and gives the same batches again, empty") {
  BatchPool pool(3);
  std::vector<BatchPtr> held;
  for (int i = 0; i < 3; ++i) held.push_back(pool.lease());
  for (const BatchPtr& batch : held) REQUIRE(batch);
  CHECK(pool.leased() == 3);
  CHECK_FALSE(pool.lease());
  FrameBatch* const first = held[0].get();
  REQUIRE(first->append(pattern(60, 0), 0));
  held[0].reset();
  CHECK(pool.leased() == 2);
  const BatchPtr again = pool.lease();
  CHECK(again.get() == first);
  CHECK(again->empty());
}

TEST_CASE("pool: a batch can be moved and is returned once") {
  BatchPool pool(1);
  BatchPtr one = pool.lease();
  BatchPtr other = std::move(one);
  CHECK_FALSE(one);
  other.reset();
  other.reset();
  CHECK(pool.leased() == 0);
  CHECK(pool.lease());
  CHECK(pool.leased() == 0);
}
