// Filters of captures: a text in the language of pcap-filter(7) becomes a program that the kernel runs on
// each packet. libpcap is the compiler and nothing else; it is loaded when the first filter comes, so that
// neither building nor starting needs it.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"

namespace ethercast {

using FilterProgram = std::vector<sock_filter>;

// Compiles `filter` for packets of this interface as a packet socket sees them: there the VLAN tag is not
// among the octets. Empty when the interface is down: then only the filter's syntax has been checked, since
// libpcap asks the kernel for its abilities by a socket on an interface that is up. Errors: of field
// `filter`, in libpcap's words; Errc::unsupported when there is no libpcap.
//
// Names of hosts are looked up in this host's files alone: asking a name server would stall the I/O thread.
Result<std::optional<FilterProgram>> compile_filter(const std::string& filter, const std::string& interface,
                                                    bool optimize);

// What libpcap calls itself, as in "libpcap version 1.10.3 (with TPACKET_V3)"; an error that names the
// packages when there is none.
Result<std::string> filter_compiler();

}  // namespace ethercast
