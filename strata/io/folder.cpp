#include "strata/io/folder.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>

#include <dirent.h>

#include "strata/base/error.h"

namespace strata {
namespace {

[[noreturn]] void fail(const std::string& path) {
  throw IoError(path, "cannot be listed: " + std::generic_category().message(errno));
}

struct Close {
  void operator()(DIR* folder) const { closedir(folder); }
};

}  // namespace

std::vector<std::string> names_in_folder(const std::string& path) {
  const std::unique_ptr<DIR, Close> folder(opendir(path.c_str()));
  if (!folder) fail(path);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(folder.get());
    if (!entry) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) fail(path);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace strata
