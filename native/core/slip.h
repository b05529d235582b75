// SLIP: IP packets on a serial line (RFC 1055). An END octet closes a packet; an END or ESC within it is
// escaped. There is no checksum, no length and no type: what is not a packet shows only in the packet itself.
//
// Towards the line: END first as well as last, so that line noise before a packet becomes a packet of its
// own; as RFC 1055 advises and UML does (arch/um/drivers/slip_common.h). From the line: as Linux reads it
// (drivers/net/slip/slip.c), an END always ends, and an ESC before anything but its two codes is left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ethercast {

namespace slip {
constexpr uint8_t kEnd = 0xc0, kEsc = 0xdb, kEscEnd = 0xdc, kEscEsc = 0xdd;

// The most octets on the line that a packet of `length` may need: each escaped, and an END on either side.
constexpr size_t most_on_line(size_t length) noexcept { return 2 * length + 2; }

// Writes the packet as it goes on the line. Returns how many octets that are.
// Precondition: `line` has room for most_on_line(packet.size()), and does not overlap the packet.
size_t encode(std::span<const uint8_t> packet, std::span<uint8_t> line) noexcept;
}  // namespace slip

// Takes a line's octets in pieces of any size, and gives the packets in them. Memory is bounded by the
// longest packet: a longer run is dropped up to its END, and counted.
class SlipDecoder {
 public:
  // `longest`: octets of the longest packet that is let through.
  explicit SlipDecoder(size_t longest) : packet_(longest) {}

  // Takes octets from the front of `line` until a packet is complete: then true, and packet() is it, never
  // empty, until the next call. False: all octets are taken.
  //
  //   while (decoder.next(line)) use(decoder.packet());
  bool next(std::span<const uint8_t>& line) noexcept;
  std::span<const uint8_t> packet() const noexcept { return {packet_.data(), length_}; }

  // Forgets a packet begun: the line is another one now.
  void reset() noexcept;

  // Runs dropped because they were too long, and ESC octets that no code followed, since the beginning.
  uint64_t overlong() const noexcept { return overlong_; }
  uint64_t bad_escapes() const noexcept { return bad_escapes_; }

 private:
  enum class State : uint8_t { begun, complete, too_long };

  void keep(uint8_t octet) noexcept;

  std::vector<uint8_t> packet_;
  size_t length_ = 0;
  State state_ = State::begun;
  bool escaped_ = false;
  uint64_t overlong_ = 0;
  uint64_t bad_escapes_ = 0;
};

}  // namespace ethercast
