// The command lines of uml_net, versions 0 to 4, as a pure function: what is asked for, and how it is
// answered. Every argument is checked here as far as it can be without looking at the system. Sources: UML's
// side in Linux (arch/um/drivers/net_user.c, arch/um/os-Linux/drivers/{ethertap,tuntap}_user.c, slip_user.c);
// what older kernels sent, by the helper that Debian packs (uml-utilities).
//
//   uml_net [VERSION] TRANSPORT|add|del ARGUMENT...        without a VERSION: 0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/result.h"
#include "helper/address.h"

namespace ethercast::helper {

constexpr unsigned kNewestVersion = 4;

// How the caller reads what happened.
enum class Answer : uint8_t {
  text,      // it does not: for people, on stderr
  prefixed,  // an int of its own byte order with the length, then so many octets of text with a NUL
  status,    // an octet, 1 or 0, and then the above, if `control_text`; before a helper that stays
  datagram,  // one datagram: the device's name in 16 octets, text with a NUL, and the descriptor; a refusal
             // has the text alone
};

enum class Verb : uint8_t { ethertap, slip_up, slip_down, tuntap_up, add_address, delete_address };

struct Request {
  Verb verb = Verb::tuntap_up;
  std::string device;         // ethertap, add_address, delete_address
  int data_fd = -1;           // ethertap: a socket of datagrams; slip: the terminal
  size_t change_octets = 0;   // ethertap: of each message of the control channel; 0: it has none
  std::optional<Ipv4> gate;   // this host's address on the device
  std::optional<Ipv4> guest;  // the guest's
  std::optional<Ipv4> mask;   // of the guest's net; none: older kernels did not tell
};

struct Parsed {
  Answer answer = Answer::text;
  int answer_fd = 1;         // for all but `text`; ethertap: also the control channel
  bool control_text = true;  // for `status`: versions before 3 read the octet alone
  Result<Request> request = Error::of(Errc::field, {});
};

// `argv` includes the program's name, and may be empty. Never fails to say how to answer.
Parsed parse_arguments(std::span<const char* const> argv);

}  // namespace ethercast::helper
