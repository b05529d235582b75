// Telling the caller, in the form it reads (arguments.h).
#pragma once

#include "core/result.h"
#include "helper/arguments.h"
#include "helper/log.h"

namespace ethercast::helper {

// An int with the length, then the text with its NUL: in one piece. Nothing to say: the length 0.
Result<> send_prefixed(int fd, const Log& log);
// The octet that says how it went, and with `with_text` the above.
Result<> send_status(int fd, bool good, bool with_text, const Log& log);
// One datagram with a device's name, the log and its descriptor; or, with `device_fd` below 0, the log alone.
Result<> send_device(int fd, const std::string& name, int device_fd, const Log& log);

// That it failed, and why (last in the log), in whatever form.
void send_failure(const Parsed& parsed, const Log& log);
// The descriptor for answers is open, and is what this form of answer takes.
Result<> expect_answer_fd(const Parsed& parsed);

}  // namespace ethercast::helper
