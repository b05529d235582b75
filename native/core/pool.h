// BatchPool: a bounded stock of batches. Used on one thread only (the I/O thread).
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/batch.h"

namespace ethercast {

class BatchPool {
 public:
  // Slabs are made when first needed, then kept: 64 of them are 16 MiB at the most.
  static constexpr size_t kDefaultLimit = 64;

  explicit BatchPool(size_t limit = kDefaultLimit) : limit_(limit) { idle_.reserve(limit); }
  BatchPool(const BatchPool&) = delete;
  BatchPool& operator=(const BatchPool&) = delete;

  // An empty batch; null when all are out. Every batch must be back before the pool goes.
  BatchPtr lease();
  size_t leased() const noexcept { return made_ - idle_.size(); }

 private:
  friend struct ReturnBatch;
  void take_back(FrameBatch* batch) noexcept;

  size_t limit_;
  size_t made_ = 0;
  std::vector<std::unique_ptr<FrameBatch>> idle_;
};

}  // namespace ethercast
