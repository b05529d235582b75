#include "core/pool.h"

namespace ethercast {

BatchPtr BatchPool::lease() {
  std::unique_ptr<FrameBatch> batch;
  if (!idle_.empty()) {
    batch = std::move(idle_.back());
    idle_.pop_back();
  } else if (made_ < limit_) {
    batch = std::make_unique<FrameBatch>();
    ++made_;
  }
  return BatchPtr(batch.release(), ReturnBatch{this});
}

void BatchPool::take_back(FrameBatch* batch) noexcept {
  batch->clear();
  idle_.emplace_back(batch);  // never allocates: reserved for the limit
}

void ReturnBatch::operator()(FrameBatch* batch) const noexcept { pool->take_back(batch); }

}  // namespace ethercast
