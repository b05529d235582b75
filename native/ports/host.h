// The host port: the NIC inside the process. Frames for the program go into one FrameRing, frames of the
// program come out of another.
#pragma once

#include <functional>
#include <memory>

#include "core/port.h"
#include "core/ring.h"
#include "engine/wake.h"

namespace ethercast {

struct HostPortOptions {
  RingMemory to_program{nullptr, 0};    // the port produces, the program consumes
  RingMemory from_program{nullptr, 0};  // the program produces, the port consumes
  uint32_t max_frame = 65535;           // octets, both ways
  // Rung by the program when it has written and the port sleeps.
  std::shared_ptr<Wake> bell;
  // Called on the I/O thread when the program sleeps and has something to look at; must not block.
  std::function<void()> wake_program;
};

// The memory of both rings must outlive the port; after close() the port touches neither.
Result<std::unique_ptr<Port>> make_host_port(HostPortOptions options);

}  // namespace ethercast
