// Descriptors that this process was started with, or was given: what they are, and a copy of one to work
// with. The copy is closed on exec and has an owner; the number itself stays its holder's, who may close it
// or not.
#pragma once

#include <string>

#include "core/result.h"
#include "engine/fd.h"

namespace ethercast {

// Whether there is a tap or tun device behind it.
bool is_tun_descriptor(int number) noexcept;

// A copy of a descriptor. The number will not be inherited by programs that this one starts: they would keep
// the connection alive.
Result<Fd> copy_inherited(int number);

// A copy of a connected socket that keeps packets apart. Errors say what is there instead.
Result<Fd> inherit_packet_socket(int number);

}  // namespace ethercast
