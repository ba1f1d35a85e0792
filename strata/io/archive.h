#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "strata/base/function_ref.h"

namespace strata {

/// Hands out the files in a tar archive, plain or packed by gzip, or a zip archive, front to back:
/// `wanted` is asked by name, `take` gets the content. Which it is shows in the content. Last come
/// the names that links, hard or symbolic, give to files of the archive and to those in a folder of
/// it. Throws IoError, and FormatError for a damaged archive (see TarReader, ZipFile) and for a
/// wanted name that is a link to what is not in the archive, or a sparse file.
void for_each_file(const std::string& path, FunctionRef<bool(const std::string& name)> wanted,
                   FunctionRef<void(const std::string& name, std::vector<uint8_t> content)> take);

}  // namespace strata
