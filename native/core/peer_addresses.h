// PeerAddresses: which IPv4 addresses are at the far end of a line, so that ARP on the LAN is answered for
// them. Some are configured, and stay. The rest is learned from what the peer sends, and gives way: to the
// LAN, where a station has shown that it owns the address, and to time. Bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ethercast {

// Addresses whose first `length` bits are those of `address`.
struct Ipv4Net {
  uint32_t address = 0;
  uint8_t length = 0;
  constexpr uint32_t mask() const noexcept { return length == 0 ? 0 : ~uint32_t{0} << (32 - length); }
  constexpr bool has(uint32_t other) const noexcept { return ((address ^ other) & mask()) == 0; }
  constexpr uint32_t broadcast() const noexcept { return address | ~mask(); }
};

class PeerAddresses {
 public:
  static constexpr size_t kMost = 64;  // learned ones; a line has one end, seldom with many hosts behind it
  static constexpr uint64_t kLife_ns = 300'000'000'000;  // that one is kept unheard, or stays disputed

  enum class Heard : uint8_t {
    known,     // heard before
    learned,   // new: the LAN should be asked whether it is somebody's there
    disputed,  // a station of the LAN has it
    no_room,
  };

  // Of one that may be learned: within the LAN's net, and no station's of the LAN that is known.
  Heard hear(uint32_t address, uint64_t now_ns) noexcept;
  bool has(uint32_t address, uint64_t now_ns) const noexcept;
  // A station of the LAN says that it has `address`. True when the peer loses it by that.
  bool dispute(uint32_t address, uint64_t now_ns) noexcept;
  void clear() noexcept { entries_.clear(); }
  size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    uint32_t address = 0;
    uint64_t heard_ns = 0;
    uint64_t disputed_ns = 0;  // 0: not disputed
    bool is_disputed(uint64_t now_ns) const noexcept {
      return disputed_ns != 0 && now_ns - disputed_ns < kLife_ns;
    }
    bool is_over(uint64_t now_ns) const noexcept {
      return now_ns - heard_ns >= kLife_ns && !is_disputed(now_ns);
    }
  };
  const Entry* find(uint32_t address) const noexcept;

  std::vector<Entry> entries_;
};

}  // namespace ethercast
