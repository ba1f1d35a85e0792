#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "strata/base/shape.h"

namespace strata {

/// A file that a data set comes with; it may be packed by gzip (".gz" after its name).
struct DataFile {
  std::string name = {};
  std::string what = {};
  int64_t bytes = 0;     ///< unpacked
  uint32_t crc32 = 0;    ///< of the unpacked bytes; 0 where it is not known
  std::string md5 = {};  ///< of the packed file, as published; empty where it is not known
  Shape shape = {};      ///< of the array in an IDX file
  std::string url = {};  ///< where it is published; empty: it is not to be had by itself
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

/// Compares one file, packed or not, with what was published: size, checksum, shape. Says what was
/// compared. Throws FormatError where it differs, IoError. With `exact` the checksum, of the packed
/// or the unpacked bytes, must be the published one.
std::string check_file(const std::string& path, const DataFile& published, bool exact = false);

/// Looks for the files of a data set in `folder` and compares their sizes and checksums with what
/// was published. Throws ValueError for a generated data set.
std::vector<FileVerdict> verify(const DataSetInfo& info, const std::string& folder);

}  // namespace catalogue
}  // namespace strata
