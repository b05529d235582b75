// pcap: listens to a network interface of this host, as User-Mode Linux's pcap transport does
// (arch/um/drivers/pcap_user.c in Linux 6.1). Read-only: what the switch picks for it is dropped and counted.
#pragma once

#include <memory>

#include "core/config.h"
#include "core/port.h"

namespace ethercast {

Result<std::unique_ptr<Port>> make_pcap_port(const Config& config);

}  // namespace ethercast
