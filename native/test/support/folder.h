// Folder: one of the test's own, gone with all that is in it.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

namespace ethercast::test {

class Folder {
 public:
  Folder() {
    char pattern[] = "/tmp/ethercast-test-XXXXXX";
    REQUIRE(mkdtemp(pattern) != nullptr);
    path_ = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { [[maybe_unused]] const int gone = std::system(("rm -rf " + path_).c_str()); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace ethercast::test
