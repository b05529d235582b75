// What arrives on the control streams of switch daemons, whole and in pieces of any size, as hostile as can
// be. A request means the same however it comes; what is refused stays refused; what we build is understood.
#include "ports/codec/daemon_control.h"

#include <memory>

#include "fuzz/input.h"

using namespace ethercast;
using namespace ethercast::fuzz;

namespace {

bool same(const DaemonRequest& a, const DaemonRequest& b) {
  return a.version == b.version && a.port == b.port && a.address == b.address;
}

void check_request(const uint8_t* data, size_t size) {
  // In memory of just its length: the sanitizer sees the first octet beyond.
  std::optional<DaemonRequest> first;
  bool refused = false;
  for (size_t length = 0; length <= size; ++length) {
    const auto octets = std::make_unique<uint8_t[]>(length);
    if (length != 0) std::memcpy(octets.get(), data, length);
    const auto [fault, request] = parse_daemon_request({octets.get(), length});
    if (fault == DaemonFault::none) {
      ETHERCAST_MUST(!refused && length >= kLeastDaemonRequest);
      ETHERCAST_MUST(request.version == 1 || request.version == 3);
      ETHERCAST_MUST(request.description.find('\0') == std::string::npos);
      if (first) ETHERCAST_MUST(same(*first, request));
      first = request;
    } else if (fault == DaemonFault::unfinished) {
      ETHERCAST_MUST(!refused && !first && length < kDaemonRequest);
    } else {
      ETHERCAST_MUST(!first);
      refused = true;
    }
    ETHERCAST_MUST((daemon_fault_text(fault)[0] == '\0') == (fault == DaemonFault::none));
  }
  if (!first) return;
  const auto path = daemon_path(first->address);
  if (path) ETHERCAST_MUST(!path->empty() && path->size() <= kDaemonAddress - 2);
  const auto again = parse_daemon_request(build_daemon_request(first->address));
  ETHERCAST_MUST(again.fault == DaemonFault::none && again.request.address == first->address);
  ETHERCAST_MUST(again.request.version == 3 && again.request.port == 0 && again.request.description.empty());
}

void check_reply(std::span<const uint8_t> octets, std::span<const uint8_t> sender) {
  if (octets.size() < kDaemonAddress) return;
  const auto address = parse_daemon_reply(octets.first<kDaemonAddress>());
  if (!address) return;
  ETHERCAST_MUST(same_daemon_address(*address, *address));
  const auto exact = std::make_unique<uint8_t[]>(sender.size());
  if (!sender.empty()) std::memcpy(exact.get(), sender.data(), sender.size());
  (void)same_daemon_address(*address, {exact.get(), sender.size()});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t length = std::min(size - 1, kMostDaemonRequest);
  if ((data[0] & 1) == 0) {
    check_request(data + 1, length);
  } else {
    Input input(data + 1, size - 1);
    const auto reply = input.run(kDaemonAddress);
    check_reply(reply, input.run(size));
  }
  return 0;
}
