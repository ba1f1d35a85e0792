#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "strata/io/safetensors.h"

namespace strata::internal {

/// What stands in the header of one safetensors file; offsets are from the start of the file.
struct SafeTensorsHeader {
  std::vector<SafeTensorInfo> tensors;  ///< in the order of their bytes
  Metadata metadata;
};

/// Reads and checks the header: its size, the JSON in it (each key once, nothing unknown), shapes
/// against byte counts, and that the tensors fill the rest of the file without gap or overlap.
/// Throws FormatError.
SafeTensorsHeader read_safetensors_header(const InputFile& file);

/// The bytes before the data of `tensors`, whose offsets count from the end of this header. Throws
/// ValueError, tagged with `path`, for text that is not UTF-8.
std::string write_safetensors_header(const std::string& path,
                                     const std::vector<SafeTensorInfo>& tensors,
                                     const Metadata& metadata);

/// The file's word for a dtype.
std::string_view safetensors_name(DType dtype);

/// Reads an index: the file that holds each tensor. Throws FormatError.
std::map<std::string, std::string> read_safetensors_index(const std::string& path,
                                                          const std::string& text);

}  // namespace strata::internal
