#include "engine/frame_options.h"

#include <algorithm>

namespace ethercast {

namespace {
constexpr int64_t kLeastBuffer = 4096, kMostBuffer = 1 << 30;
// 68 is the least that IPv4 forwards whole (RFC 791); with its header the most fills the longest frame.
constexpr int64_t kLeastMtu = 68, kMostMtu = kMaxFrame - kEtherHeader;
}  // namespace

Result<FrameOptions> read_frame_options(const Config& config, uint32_t longest) {
  FrameOptions options;
  if (config.has("buffer")) {
    auto buffer = config.integer("buffer", kLeastBuffer, kMostBuffer);
    if (!buffer) return buffer.error();
    options.buffer = static_cast<int>(buffer.value());
  }
  auto mtu = read_mtu(config);
  if (!mtu) return mtu.error();
  options.mtu = mtu.value();
  // A tag comes on top: a full frame of a tagged LAN is four octets longer.
  options.max_frame = options.mtu == 0 ? longest : std::min(options.mtu + kEtherHeader + kVlanTag, longest);
  return options;
}

Result<uint32_t> read_mtu(const Config& config) {
  if (!config.has("mtu")) return uint32_t{0};
  auto mtu = config.integer("mtu", kLeastMtu, kMostMtu);
  if (!mtu) return mtu.error();
  return static_cast<uint32_t>(mtu.value());
}

}  // namespace ethercast
