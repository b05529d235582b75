#include "core/slip.h"

namespace ethercast {

size_t slip::encode(std::span<const uint8_t> packet, std::span<uint8_t> line) noexcept {
  uint8_t* at = line.data();
  *at++ = kEnd;
  for (const uint8_t octet : packet) {
    if (octet == kEnd) {
      *at++ = kEsc;
      *at++ = kEscEnd;
    } else if (octet == kEsc) {
      *at++ = kEsc;
      *at++ = kEscEsc;
    } else {
      *at++ = octet;
    }
  }
  *at++ = kEnd;
  return static_cast<size_t>(at - line.data());
}

bool SlipDecoder::next(std::span<const uint8_t>& line) noexcept {
  if (state_ == State::complete) reset();
  size_t taken = 0;
  while (taken < line.size()) {
    const uint8_t octet = line[taken++];
    if (octet == slip::kEnd) {
      if (escaped_) ++bad_escapes_;
      const bool complete = state_ == State::begun && length_ != 0;
      if (!complete) {
        reset();
        continue;
      }
      escaped_ = false;
      state_ = State::complete;
      line = line.subspan(taken);
      return true;
    }
    if (octet == slip::kEsc) {
      if (escaped_) ++bad_escapes_;
      escaped_ = true;
      continue;
    }
    if (!escaped_) {
      keep(octet);
      continue;
    }
    escaped_ = false;
    if (octet == slip::kEscEnd) {
      keep(slip::kEnd);
    } else if (octet == slip::kEscEsc) {
      keep(slip::kEsc);
    } else {
      ++bad_escapes_;
      keep(octet);
    }
  }
  line = {};
  return false;
}

void SlipDecoder::keep(uint8_t octet) noexcept {
  if (state_ == State::too_long) return;
  if (length_ == packet_.size()) {
    state_ = State::too_long;
    ++overlong_;
    return;
  }
  packet_[length_++] = octet;
}

void SlipDecoder::reset() noexcept {
  length_ = 0;
  state_ = State::begun;
  escaped_ = false;
}

}  // namespace ethercast
