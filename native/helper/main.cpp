// uml_net: the program that a UML kernel starts when a guest sets up eth0=tuntap,,,GATE, eth0=ethertap,… or
// eth0=slip,…: it makes the host's side of the device. It stands in for the one of uml-utilities.
//
// With the rights of whoever starts UML it does what this user could do by hand. Installed with the file
// capability cap_net_admin it has a right that its caller lacks, and then a policy says who may have what
// (policy.h).
#include <csignal>

#include "helper/answers.h"
#include "helper/arguments.h"
#include "helper/commands.h"
#include "helper/descriptors.h"
#include "helper/policy_file.h"
#include "helper/privileges.h"
#include "helper/tool.h"

using namespace ethercast;
using namespace ethercast::helper;

namespace {

// By this `ethercast helper` knows the program from another's, without starting it
// (lib/host/helper_program.ts).
[[gnu::used]] constexpr char kMark[] = "uml_net of ethercast, with a policy";

Result<> perform(const Parsed& parsed, bool lent, Log& log) {
  if (auto fits = expect_answer_fd(parsed); !fits) return fits;
  const Request& request = parsed.request.value();
  close_all_but({request.data_fd, parsed.answer == Answer::text ? -1 : parsed.answer_fd});
  Rights rights;
  if (lent) {
    auto given = Rights::by_policy(kPolicyFile);
    if (!given) return given.error();
    rights = std::move(given.value());
  }
  switch (request.verb) {
    case Verb::tuntap_up:
      return tuntap_up(parsed, rights, log);
    case Verb::ethertap:
      return ethertap(parsed, rights, log);
    case Verb::slip_up:
      return slip_up(parsed, rights, log);
    case Verb::slip_down:
      return slip_down(parsed, rights, log);
    case Verb::add_address:
    case Verb::delete_address:
      return change_address(parsed, rights, log);
  }
  return {};
}

// A caller's handlers are gone with exec, but not what it blocked or ignored.
void reset_signals() noexcept {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  (void)signal(SIGCHLD, SIG_DFL);
  (void)signal(SIGPIPE, SIG_IGN);  // a reader that is gone is an errno
}

}  // namespace

int main(int argc, char** argv) {
  if (!fill_standard_descriptors()) return 1;
  reset_signals();
  const std::span<const char* const> words(argv, static_cast<size_t>(argc));
  if (!has_lent_rights()) {
    if (const int code = run_tool(words); code >= 0) return code;
  }
  const auto lent = settle_privileges();
  const Parsed parsed = parse_arguments(words);
  Log log;
  Result<> done;
  if (!lent) {
    done = lent.error();
  } else if (!parsed.request) {
    done = parsed.request.error();
  } else {
    done = perform(parsed, lent.value(), log);
  }
  if (done) return 0;
  if (!done.error().message.empty()) log.say(done.error().message);
  send_failure(parsed, log);
  return 1;
}
