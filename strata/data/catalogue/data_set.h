#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace strata {

/// A file that a data set comes with; it may be packed by gzip (".gz" after its name).
struct DataFile {
  std::string name = {};
  std::string what = {};
  int64_t bytes = 0;   ///< unpacked
  uint32_t crc32 = 0;  ///< of the unpacked bytes; 0 where it is not known
};

/// A data set that Strata can use.
struct DataSetInfo {
  std::string name = {};
  std::string title = {};
  std::string what = {};
  std::vector<DataFile> files = {};  ///< none: it is generated
  std::string source = {};           ///< where it is published
  std::string licence = {};
  std::string instead = {};  ///< the generated data set that takes its place without files
};

namespace catalogue {

/// Each data set of this folder, in the order of the names of their files.
const std::vector<DataSetInfo>& all_data_sets();

/// The data set of that name. Throws ValueError, which lists the names.
const DataSetInfo& find_data_set(const std::string& name);

/// What was found of one file.
struct FileVerdict {
  std::string name = {};
  bool good = false;
  std::string message;  ///< "60000 images ...: as published", or what is wrong
};

/// Looks for the files of a data set in `folder` and compares their sizes and checksums with what
/// was published. Throws ValueError for a generated data set.
std::vector<FileVerdict> verify(const DataSetInfo& info, const std::string& folder);

}  // namespace catalogue
}  // namespace strata
