// The folder of a path, held open: what is done to a name in it is done in this folder, whoever changes the
// path meanwhile.
//
// Where others may write, a name is only as good as the links on the way to it. So a link on the way must be
// root's or this user's, and a folder that anybody may write to must be sticky, as /tmp is. The rule is that
// of protected_symlinks (proc_sys_fs(5)), for every folder.
#pragma once

#include <string>

#include "core/result.h"
#include "engine/fd.h"

namespace ethercast {

struct UnixFolder {
  Fd fd;             // O_PATH
  std::string name;  // the last part of the path
};

// Errors: a folder that is not there (ENOENT), or a way there that others control (EPERM); the message says
// which part.
Result<UnixFolder> open_folder_of(const std::string& path);

}  // namespace ethercast
