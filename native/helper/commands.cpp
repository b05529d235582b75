// Those that do one thing and are done.
#include "helper/commands.h"

#include "helper/answers.h"
#include "helper/descriptors.h"
#include "helper/guests.h"
#include "helper/tun.h"

namespace ethercast::helper {

Result<> tuntap_up(const Parsed& parsed, const Rights& rights, Log& log) {
  const Request& request = parsed.request.value();
  const Wish wish{"tap", request.gate, {}};
  const auto names = rights.names_for(wish);
  if (!names) return names.error();
  auto tun = make_tun(names.value(), Carries::frames, rights.owner());
  if (!tun) return tun.error();
  const Link& link = tun.value().link;
  // The kernel chose the name.
  if (auto may = rights.may({link.name, request.gate, {}}); !may) return may;
  if (auto prepared = prepare_device(link, true, request.gate, rights, log); !prepared) return prepared;
  // One that is down can be made another kind of device by whoever has it (TUNSETLINK), and nothing that is
  // lent is to reach that.
  if (request.gate || rights.limited()) {
    if (auto up = set_up(link, true, log); !up) return up;
  }
  if (auto set = forward(rights.may_forward({link.name, request.gate, {}}), log); !set) return set;
  return send_device(parsed.answer_fd, link.name, tun.value().fd.get(), log);
}

Result<> change_address(const Parsed& parsed, const Rights& rights, Log& log) {
  const Request& request = parsed.request.value();
  const auto device = guests_device(request.device);
  if (!device) return device.error();
  // A name is no proof.
  if (auto own = rights.may_use(device.value()); !own) return own;
  const GuestAddress guest{*request.guest, request.mask};
  const auto changed = request.verb == Verb::add_address ? add_guest(device.value(), guest, rights, log)
                                                         : delete_guest(device.value(), guest, rights, log);
  // What failed is in the log already.
  if (!changed) return Error::of(Errc::state, {});
  if (parsed.answer == Answer::text) return {};
  return send_prefixed(parsed.answer_fd, log);
}

}  // namespace ethercast::helper
