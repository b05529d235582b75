// Process: a program that we start with a stream socket as its descriptors 0 and 1, as UML starts a slirp
// program (arch/um/drivers/slirp_user.c), and end again.
//
// It gets nothing else of ours: other descriptors are closed, signals are as at first, and it has a session
// of its own, so that Ctrl-C at our terminal does not reach it before us. A pidfd tells when it is over, so
// nobody else's children are waited for.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "core/result.h"
#include "engine/fd.h"

namespace ethercast {

struct ProcessOptions {
  std::vector<std::string> arguments;  // the first names the program: a path, or to be looked for in `path`
  std::vector<std::string> environment;
  std::string path;  // as $PATH
};

// This process's own; to be called where nobody changes it meanwhile.
std::vector<std::string> own_environment();
std::string own_search_path();

// The first of that name in the search path, or the path itself if it has a slash. Errors: ENOENT and EACCES.
Result<std::string> find_program(const std::string& name, const std::string& path);

class Process {
 public:
  Process() = default;
  Process(Process&& other) = delete;
  ~Process() { end(); }

  // Errors: ENOENT and EACCES with where it was looked for, and the kernel's.
  Result<> start(const ProcessOptions& options);
  // Closes its line, waits a moment for it to end as it should, then kills it. Idempotent.
  void end() noexcept;

  int line() const noexcept { return line_.get(); }
  // Readable when the process is over.
  int over_fd() const noexcept { return over_.get(); }
  // What it writes to its descriptor 2 can be read here.
  int said_fd() const noexcept { return said_.get(); }
  pid_t pid() const noexcept { return pid_; }
  bool is_running() const noexcept { return pid_ != 0; }

  // It ends by itself now, or is killed later: its line is closed.
  void hang_up() noexcept { line_.reset(); }
  void kill() noexcept;
  // Takes what it said; keeps the last lines. False when it has said all.
  bool listen() noexcept;
  void stop_listening() noexcept { said_.reset(); }
  // The last line that is not empty.
  std::string last_words() const;
  // How it ended, as in "ended with exit status 1", once over_fd() is readable. It is then not running.
  std::string reap() noexcept;

 private:
  Fd line_, over_, said_;
  pid_t pid_ = 0;
  std::string words_;
};

}  // namespace ethercast
