// What can go wrong, as a closed list. The same names reach JavaScript as ERR_ETHERCAST_<NAME>; `os` keeps
// its errno instead.
#pragma once

#include <cstdint>

namespace ethercast {

enum class Errc : uint8_t {
  closed,       // the switch or port is closed
  state,        // the call does not fit the present state
  field,        // a configuration field is missing or out of range; Error::field names it
  unsupported,  // this kernel, or this build, lacks an ability; Error::message names it
  frame_size,   // a frame is too short or too long
  loop,         // a forwarding loop
  os,           // a system call failed; Error::os_errno and Error::syscall say which
};

constexpr const char* errc_name(Errc code) noexcept {
  switch (code) {
    case Errc::closed:
      return "CLOSED";
    case Errc::state:
      return "STATE";
    case Errc::field:
      return "FIELD";
    case Errc::unsupported:
      return "UNSUPPORTED";
    case Errc::frame_size:
      return "FRAME_SIZE";
    case Errc::loop:
      return "LOOP";
    case Errc::os:
      return "OS";
  }
  return "STATE";
}

}  // namespace ethercast
