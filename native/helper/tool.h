// The verbs of uml_net that are for people and for `ethercast helper`, and not for UML. They are not there
// when the program has more rights than its caller.
#pragma once

#include <span>

namespace ethercast::helper {

// policy [FILE]   the rules, one a line: its number, a tab, the rule. With a FILE that one is read, whoever's
//                 it is; `unknown user NAME` behind a number: nobody is called so.
// facts FILE      of an installed copy: whether it has the capability, whether that counts where it is.
// setcap FD       gives the file behind this descriptor the capability.
//
// The exit code; -1: the first word is none of these.
int run_tool(std::span<const char* const> words);

}  // namespace ethercast::helper
