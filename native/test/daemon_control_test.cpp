// The codec of the switch daemons' control protocol, against octets as UML, VDE and older clients send them.
#include "ports/codec/daemon_control.h"

#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <vector>

using namespace ethercast;

namespace {

using Octets = std::vector<uint8_t>;

void put(Octets& out, uint32_t number) {
  uint8_t octets[4];
  std::memcpy(octets, &number, sizeof octets);
  out.insert(out.end(), octets, octets + 4);
}

// As UML makes its own: three octets of garbage, two numbers, and the rest of the memory as it was.
DaemonAddress uml_address() {
  DaemonAddress address = abstract_daemon_address("\x7f\x01\x02");
  for (size_t i = 6; i < address.size(); ++i) address[i] = static_cast<uint8_t>(i * 7);
  return address;
}
DaemonAddress path_address(const std::string& path) {
  DaemonAddress address = abstract_daemon_address("");
  std::copy(path.begin(), path.end(), address.begin() + 2);
  return address;
}

Octets version3(uint32_t type, const DaemonAddress& address, const Octets& behind = {}) {
  Octets out;
  for (const uint32_t number : {kDaemonMagic, 3u, type}) put(out, number);
  out.insert(out.end(), address.begin(), address.end());
  out.insert(out.end(), behind.begin(), behind.end());
  return out;
}

DaemonFault fault_of(const Octets& octets) { return parse_daemon_request(octets).fault; }

}  // namespace

TEST_CASE("daemon_control: UML's request, padded with whatever there was") {
  const auto [fault, request] = parse_daemon_request(version3(0, uml_address(), {0xde, 0xad}));
  CHECK(fault == DaemonFault::none);
  CHECK(request.version == 3);
  CHECK(request.port == 0);
  CHECK(request.address == uml_address());
  CHECK(request.description.empty());
  CHECK_FALSE(daemon_path(request.address).has_value());
}

TEST_CASE("daemon_control: VDE's request, packed, with a port and a description") {
  const std::string text = "vde_plug: user=root PID=7";
  Octets behind(text.begin(), text.end());
  behind.push_back(0);
  const auto [fault, request] =
      parse_daemon_request(version3(3 << 8, path_address("/run/x/.00007-00000"), behind));
  CHECK(fault == DaemonFault::none);
  CHECK(request.port == 3);
  CHECK(request.description == text);
  CHECK(daemon_path(request.address) == "/run/x/.00007-00000");
  // Without one, and with one that no terminal should see.
  CHECK(fault_of(version3(0, path_address("/x"))) == DaemonFault::none);
  CHECK(parse_daemon_request(version3(0, path_address("/x"), {'a', 'b', 0x1b, '[', 0}))
            .request.description.empty());
}

TEST_CASE("daemon_control: a path of full length has no NUL behind it") {
  const std::string longest(108, 'p');
  const auto parsed = parse_daemon_request(version3(0, path_address(longest)));
  CHECK(parsed.fault == DaemonFault::none);
  CHECK(daemon_path(parsed.request.address) == longest);
}

TEST_CASE("daemon_control: version 1 has a MAC where later ones have a version") {
  Octets octets;
  put(octets, kDaemonMagic);
  put(octets, 0);
  octets.insert(octets.end(), {0xfe, 0xfd, 0, 0, 0, 1});
  CHECK(fault_of(octets) == DaemonFault::unfinished);
  const DaemonAddress address = uml_address();
  octets.insert(octets.end(), address.begin(), address.end());
  const auto [fault, request] = parse_daemon_request(octets);
  CHECK(fault == DaemonFault::none);
  CHECK(request.version == 1);
  CHECK(request.address == address);
}

TEST_CASE("daemon_control: what is refused is refused as soon as it shows, and each for its reason") {
  CHECK(fault_of({}) == DaemonFault::unfinished);
  Octets magic;
  put(magic, kDaemonMagic);
  CHECK(fault_of(magic) == DaemonFault::unfinished);
  magic[3] ^= 1;
  CHECK(fault_of({magic[3]}) == DaemonFault::no_magic);
  CHECK(fault_of(magic) == DaemonFault::no_magic);
  // Version 0 has no magic: its type comes first.
  CHECK(fault_of({0, 0, 0, 0, 0xfe, 0xfd}) == DaemonFault::no_magic);
  for (const uint32_t version : {2u, 4u, 5u, 0x7fffffffu, 0xffffffffu}) {
    CAPTURE(version);
    Octets octets;
    put(octets, kDaemonMagic);
    put(octets, version);
    CHECK(fault_of(octets) == DaemonFault::version);
  }
  CHECK(fault_of(version3(1, uml_address())) == DaemonFault::type);
  CHECK(fault_of(version3(0x02ff, uml_address())) == DaemonFault::type);
  DaemonAddress inet = uml_address();
  inet[0] = 2;
  CHECK(fault_of(version3(0, inet)) == DaemonFault::bad_address);
  for (const auto fault : {DaemonFault::unfinished, DaemonFault::no_magic, DaemonFault::version,
                           DaemonFault::type, DaemonFault::bad_address}) {
    CHECK(std::string(daemon_fault_text(fault)).size() > 10);
  }
}

TEST_CASE("daemon_control: a request is whole at 122 octets, and not one before") {
  const Octets whole = version3(0, uml_address(), {0, 0});
  for (size_t length = 0; length <= whole.size(); ++length) {
    CAPTURE(length);
    const DaemonFault fault = fault_of(Octets(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length)));
    CHECK(fault == (length < kLeastDaemonRequest ? DaemonFault::unfinished : DaemonFault::none));
  }
}

TEST_CASE("daemon_control: what is built is what is read, for any address") {
  std::mt19937 random(4);
  for (int i = 0; i < 2000; ++i) {
    DaemonAddress address = abstract_daemon_address("");
    for (size_t at = 2; at < address.size(); ++at) address[at] = static_cast<uint8_t>(random());
    if (i % 2 == 0) address[2] = 0;
    const auto built = build_daemon_request(address);
    CHECK(built.size() == 124);
    const auto parsed = parse_daemon_request(built);
    REQUIRE(parsed.fault == DaemonFault::none);
    CHECK(parsed.request.address == address);
    CHECK(parse_daemon_reply(std::span<const uint8_t, kDaemonAddress>(address)) == address);
    CHECK(same_daemon_address(address, address));
    DaemonAddress other = address;
    other[2 + random() % 108] ^= 0x41;
    const bool is_path = address[2] != 0;
    if (!is_path || daemon_path(other) != daemon_path(address))
      CHECK_FALSE(same_daemon_address(address, other));
  }
}

TEST_CASE("daemon_control: a reply names a Unix socket, or is none") {
  DaemonAddress address = uml_address();
  CHECK(parse_daemon_reply(std::span<const uint8_t, kDaemonAddress>(address)).has_value());
  address[0] = 2;
  CHECK_FALSE(parse_daemon_reply(std::span<const uint8_t, kDaemonAddress>(address)).has_value());
  const DaemonAddress nameless = abstract_daemon_address("");
  CHECK_FALSE(parse_daemon_reply(std::span<const uint8_t, kDaemonAddress>(nameless)).has_value());
}

TEST_CASE("daemon_control: senders are compared as the kernel gives them") {
  const DaemonAddress abstract = uml_address(), path = path_address("/tmp/vde/003.8");
  const std::span<const uint8_t> whole(abstract);
  CHECK(same_daemon_address(abstract, whole));
  CHECK_FALSE(same_daemon_address(abstract, whole.first(109)));
  CHECK_FALSE(same_daemon_address(abstract, whole.first(2)));  // one without a name
  CHECK_FALSE(same_daemon_address(abstract, {}));
  const std::span<const uint8_t> bound(path);
  CHECK(same_daemon_address(path, bound.first(2 + 14 + 1)));
  CHECK(same_daemon_address(path, bound.first(2 + 14)));
  CHECK_FALSE(same_daemon_address(path, bound.first(2 + 13)));
  CHECK_FALSE(same_daemon_address(path, whole));
}
