#pragma once

#include <map>
#include <string>

#include "strata/io/npy.h"
#include "strata/io/safetensors.h"

namespace strata {

/// Reads the arrays of a file that numpy.savez or savez_compressed wrote, under their names there
/// (without ".npy"). Throws FormatError, named after the file and the entry, for what is no array,
/// for a damaged archive and for one that promises more than it can hold; IoError.
TensorMap read_npz(const std::string& path);

/// What the arrays' headers say, by the same names. All bytes are read, one array at a time in
/// memory. Throws as read_npz(), though not for NumPy's other dtypes.
std::map<std::string, NpyInfo> npz_info(const std::string& path);

/// Writes tensors as numpy.savez does, or with `compress` as savez_compressed, in one step (see
/// AtomicFile). Throws ValueError for more than 4 GiB and a name that no file can have; IoError.
void write_npz(const std::string& path, const TensorMap& tensors, bool compress = false);

}  // namespace strata
