// The control protocol of switch daemons: a client says on a stream where its data socket is, and is told
// where the switch's is. Pure: octets in, meaning out.
//
// Sources: Linux 6.1 arch/um/drivers/daemon_user.c (version 3, the client's side); what Debian's uml_switch
// and vde_switch answer and refuse, observed. Numbers are in the host's byte order: both ends are on one
// host.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ethercast {

constexpr uint32_t kDaemonMagic = 0xfeedface;
constexpr uint32_t kDaemonVersion = 3;

// A whole struct sockaddr_un. Names are opaque: those of UML hold NULs and whatever its memory held, and
// whoever compares them compares all of it.
constexpr size_t kDaemonAddress = 110;
using DaemonAddress = std::array<uint8_t, kDaemonAddress>;
// The path of an address that has one; none when the name is abstract.
std::optional<std::string> daemon_path(const DaemonAddress& address);

// A request: magic, version, type, address. UML pads it to 124 octets, VDE adds a description instead.
constexpr size_t kDaemonRequest = 124;
constexpr size_t kLeastDaemonRequest = 122;
// VDE's longest description, with the NUL behind it, and room for more than any client sends.
constexpr size_t kMostDaemonRequest = 512;

struct DaemonRequest {
  uint32_t version = 0;  // 1 or 3
  uint32_t port = 0;     // the number that the client wants; 0: any. VDE
  DaemonAddress address{};
  std::string description;  // VDE: who it is; printable, may be empty
};

// Why a request is none.
enum class DaemonFault : uint8_t {
  none,
  unfinished,   // not whole yet: more may come
  no_magic,     // version 0, which has none, or no switch client at all
  version,      // 2, or newer than 3
  type,         // something else than a data connection: VDE's management
  bad_address,  // the address is not of AF_UNIX
};
// A sentence for people; "" for none.
const char* daemon_fault_text(DaemonFault fault) noexcept;

struct ParsedRequest {
  DaemonFault fault = DaemonFault::none;
  DaemonRequest request;  // if there is no fault
};
// What a client has sent so far. A fault that more octets can't mend is found as early as it shows.
ParsedRequest parse_daemon_request(std::span<const uint8_t> octets);

std::array<uint8_t, kDaemonRequest> build_daemon_request(const DaemonAddress& address) noexcept;

// The reply is the address of the switch's data socket alone.
// None when it is not of AF_UNIX, or has no name. Precondition: kDaemonAddress octets.
std::optional<DaemonAddress> parse_daemon_reply(std::span<const uint8_t, kDaemonAddress> octets) noexcept;

// An abstract address of the full length. `name`: at most 107 octets, the rest are NULs.
DaemonAddress abstract_daemon_address(const std::string& name) noexcept;

// Whether a datagram from `sender`, an address as the kernel gives it, is from `peer`, as the protocol gave
// it.
bool same_daemon_address(const DaemonAddress& peer, std::span<const uint8_t> sender) noexcept;

}  // namespace ethercast
