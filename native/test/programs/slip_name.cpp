// For LD_PRELOAD: answers the one question that a UML kernel has for its host's SLIP line discipline, and
// that no terminal of a host without one answers: which device it is (SIOCGIFNAME). The answer is the device
// that stands there for the terminal, by the mark that our uml_net left on it.
#include <dirent.h>
#include <dlfcn.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <fstream>
#include <string>

namespace {

bool find_device(int terminal, char* name) {
  struct stat status {};
  if (fstat(terminal, &status) != 0) return false;
  const std::string mark =
      "uml_net slip " + std::to_string(status.st_dev) + ":" + std::to_string(status.st_rdev);
  DIR* const devices = opendir("/sys/class/net");
  if (devices == nullptr) return false;
  bool found = false;
  while (const dirent* each = found ? nullptr : readdir(devices)) {
    std::ifstream file(std::string("/sys/class/net/") + each->d_name + "/ifalias");
    std::string alias;
    found = std::getline(file, alias) && alias == mark && std::strlen(each->d_name) < 9;  // UML's room
    if (found) std::strcpy(name, each->d_name);
  }
  closedir(devices);
  return found;
}

}  // namespace

extern "C" int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list list;
  va_start(list, request);
  void* const argument = va_arg(list, void*);
  va_end(list);
  constexpr unsigned long kGetName = 0x8910;  // SIOCGIFNAME
  static const auto real = reinterpret_cast<int (*)(int, unsigned long, void*)>(dlsym(RTLD_NEXT, "ioctl"));
  const int result = real(fd, request, argument);
  if (result == 0 || request != kGetName || errno != ENOTTY) return result;
  if (find_device(fd, static_cast<char*>(argument))) return 0;
  errno = ENOTTY;
  return -1;
}
