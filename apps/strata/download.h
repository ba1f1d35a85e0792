#pragma once

#include <functional>
#include <string>

namespace strata::app {

/// Gets a file by https through the program curl, whose progress a terminal shows. It appears under
/// its name once it is complete and `check`, which is given the temporary file, has not thrown.
/// Throws IoError: no network, no such file, no curl; and what `check` throws.
void download(const std::string& url, const std::string& path,
              const std::function<void(const std::string&)>& check);

}  // namespace strata::app
