#pragma once

#include <string>
#include <vector>

namespace strata::train {

/// One HTML page on one run or several, complete in itself: curves overlaid, metrics, confusion
/// matrices, examples, settings (of several runs those that differ), the network, how and where it
/// ran. `run_dirs` are folders that fit() wrote. Throws IoError and FormatError, see load_record.
std::string report_page(const std::vector<std::string>& run_dirs);

/// Writes that page as one file that opens without a network. Throws IoError besides.
void write_report(const std::string& path, const std::vector<std::string>& run_dirs);

}  // namespace strata::train
