#include "tests/fuzz/target.h"

#include <algorithm>
#include <filesystem>

#include "strata/base/error.h"
#include "tests/support/temp_folder.h"

namespace strata::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBetween = "\n%%\n";
const std::string kTests = STRATA_SOURCE_DIR "/tests/";

std::string joined(const fs::path& folder, const std::vector<std::string>& files) {
  std::string all;
  for (const std::string& file : files) {
    if (!all.empty()) all += kBetween;
    all += testing::slurp((folder / file).string());
  }
  return all;
}

}  // namespace

std::vector<Input> seeds_of(const Target& target) {
  std::vector<Input> inputs;
  for (const std::string& seed : target.seeds) {
    const fs::path path = kTests + "golden/" + seed;
    inputs.push_back({seed, fs::is_directory(path) ? joined(path, target.files)
                                                   : testing::slurp(path.string())});
  }
  const fs::path folder = kTests + "fuzz/seeds/" + target.name;
  if (!fs::exists(folder)) return inputs;
  std::vector<fs::path> more(fs::directory_iterator(folder), {});
  std::sort(more.begin(), more.end());
  for (const fs::path& path : more) {
    const std::string name = path.filename().string();
    inputs.push_back({name, testing::slurp(path.string()), !name.starts_with("found_")});
  }
  return inputs;
}

std::string read_input(const Target& target, const std::string& folder, std::string_view bytes) {
  for (size_t i = 0; i < target.files.size(); ++i) {
    const bool last = i + 1 == target.files.size();
    const size_t end = last ? bytes.size() : std::min(bytes.find(kBetween), bytes.size());
    testing::spill(folder + "/" + target.files[i], std::string(bytes.substr(0, end)));
    bytes.remove_prefix(std::min(end + kBetween.size(), bytes.size()));
  }
  try {
    target.read(target.files.size() == 1 ? folder + "/" + target.files[0] : folder);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace strata::fuzz
