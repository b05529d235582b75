// What the helper does for each request, as far as the caller has a right to it. Each returns when all is
// done, writes into the log what it did, and leaves telling the caller of a failure to main.cpp.
#pragma once

#include "core/result.h"
#include "helper/arguments.h"
#include "helper/log.h"
#include "helper/rights.h"

namespace ethercast::helper {

// Makes a tap, and hands its descriptor over.
Result<> tuntap_up(const Parsed& parsed, const Rights& rights, Log& log);
// Makes a tap, answers, and then stays: frames and changes of addresses until the caller is gone. What goes
// wrong before it has answered is returned.
Result<> ethertap(const Parsed& parsed, const Rights& rights, Log& log);
// Makes a tun device and leaves a process behind that carries packets between it and the terminal.
Result<> slip_up(const Parsed& parsed, const Rights& rights, Log& log);
// Removes the device of that terminal.
Result<> slip_down(const Parsed& parsed, const Rights& rights, Log& log);
Result<> change_address(const Parsed& parsed, const Rights& rights, Log& log);

}  // namespace ethercast::helper
