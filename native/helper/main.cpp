// uml_net: the program that a UML kernel starts when a guest sets up eth0=tuntap,,,GATE, eth0=ethertap,… or
// eth0=slip,…: it makes the host's side of the device. It stands in for the one of uml-utilities.
//
// It runs with the rights of whoever starts UML, and does nothing that this user could not do by hand; making
// devices takes CAP_NET_ADMIN. It has no rules yet of who may have which addresses, so it must not be
// installed setuid or with file capabilities: started so, it refuses to work.
#include <sys/auxv.h>

#include <csignal>

#include "helper/answers.h"
#include "helper/arguments.h"
#include "helper/commands.h"
#include "helper/descriptors.h"

using namespace ethercast;
using namespace ethercast::helper;

namespace {

Result<> perform(const Parsed& parsed, Log& log) {
  if (auto fits = expect_answer_fd(parsed); !fits) return fits;
  const Request& request = parsed.request.value();
  close_all_but({request.data_fd, parsed.answer == Answer::text ? -1 : parsed.answer_fd});
  switch (request.verb) {
    case Verb::tuntap_up:
      return tuntap_up(parsed, log);
    case Verb::ethertap:
      return ethertap(parsed, log);
    case Verb::slip_up:
      return slip_up(parsed, log);
    case Verb::slip_down:
      return slip_down(parsed, log);
    case Verb::add_address:
    case Verb::delete_address:
      return change_address(parsed, log);
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
  const Parsed parsed = parse_arguments({argv, static_cast<size_t>(argc)});
  Log log;
  Result<> done;
  if (getauxval(AT_SECURE) != 0) {
    done = Error::of(Errc::unsupported,
                     "uml_net: this version must not be setuid, setgid or have file capabilities: it has no "
                     "rules yet of who may have which devices and addresses (chmod 755, setcap -r)");
  } else if (!parsed.request) {
    done = parsed.request.error();
  } else {
    done = perform(parsed, log);
  }
  if (done) return 0;
  if (!done.error().message.empty()) log.say(done.error().message);
  send_failure(parsed, log);
  return 1;
}
