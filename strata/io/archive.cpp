#include "strata/io/archive.h"

#include <array>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/io/gzip.h"
#include "strata/io/tar.h"
#include "strata/io/zip.h"

namespace strata {
namespace {

namespace fs = std::filesystem;

using Kind = TarReader::Kind;
using Content = FunctionRef<std::vector<uint8_t>()>;
using Visit = FunctionRef<void(const TarReader::Entry& entry, Content content)>;

/// The name without "./", "a/.." and a slash at its end.
std::string plain(const fs::path& name) {
  std::string out = name.lexically_normal().string();
  while (out.ends_with('/')) out.pop_back();
  return out;
}

/// The names in an archive that stand for other files in it.
class Links {
 public:
  explicit Links(const std::string& archive) : archive_(archive) {}

  void add_file(const std::string& name) { files_.insert(plain(name)); }
  void add(const TarReader::Entry& link) {
    const std::string key = plain(link.name);
    const fs::path from = link.kind == Kind::hard_link ? "" : fs::path(key).parent_path();
    links_[key] = {link.name, link.link, plain(from / link.link)};
  }

  /// The wanted names of each file that has such, itself by its plain name. Throws FormatError for
  /// a wanted link that leads nowhere.
  std::map<std::string, std::vector<std::string>> names(
      FunctionRef<bool(const std::string&)> wanted) const {
    std::map<std::string, std::vector<std::string>> out;
    size_t in_folders = 0;  // bytes of names
    for (const auto& [key, link] : links_) {
      if (files_.contains(key)) continue;
      const std::string place = place_of(key);
      if (files_.contains(place)) {
        if (wanted(link.name)) out[place].push_back(link.name);
        continue;
      }
      const std::string folder = place + '/';
      const auto first = files_.lower_bound(folder);
      const bool leads = !place.empty() && first != files_.end() && first->starts_with(folder);
      if (!leads && wanted(link.name)) {
        throw FormatError(
            archive_,
            fmt::format("'{}' is a link to '{}', which is not in it", link.name, link.says),
            "tar --dereference and zip without -y pack what links lead to");
      }
      if (!leads || key.starts_with(folder)) continue;  // a folder in itself has no end
      for (auto file = first; file != files_.end() && file->starts_with(folder); ++file) {
        const std::string name = link.name + file->substr(place.size());
        in_folders += name.size();
        if (in_folders > kMostInFolders) throw FormatError(archive_, "absurdly many links");
        if (wanted(name)) out[*file].push_back(name);
      }
    }
    return out;
  }

 private:
  static constexpr int kMostSteps = 40;  // as Linux, and the next
  static constexpr size_t kLongestPath = 4096, kMostInFolders = 1 << 28;

  struct Link {
    std::string name, says;
    std::string target;  // plain, from the archive's root
  };

  /// Where a name leads at last; "" where it leads round and round or has no end.
  std::string place_of(std::string name) const {
    for (int step = 0; step < kMostSteps && name.size() <= kLongestPath; ++step) {
      if (files_.contains(name)) return name;
      auto link = links_.end();
      size_t end = 0;
      while (link == links_.end() && end != std::string::npos) {
        end = name.find('/', end + 1);
        link = links_.find(name.substr(0, end));
      }
      if (link == links_.end()) return name;
      const std::string rest = end == std::string::npos ? "" : name.substr(end);
      name = plain(link->second.target + rest);
    }
    return {};
  }

  const std::string& archive_;
  std::set<std::string> files_;        // by their plain names
  std::map<std::string, Link> links_;  // as well
};

void visit_tar(const std::string& path, Visit visit) {
  TarReader tar(path);
  while (const auto entry = tar.next()) {
    visit(*entry, [&] {
      if (entry->kind == Kind::sparse) {
        throw FormatError(path, fmt::format("'{}' is stored as a sparse file, which is not "
                                            "supported",
                                            entry->name));
      }
      return tar.content();
    });
  }
}

void visit_zip(const std::string& path, Visit visit) {
  constexpr int64_t kLongestPath = 1 << 16;
  const ZipFile zip(path);
  int64_t total = 0;
  for (const ZipFile::Entry& e : zip.entries()) {
    const auto content = [&] {
      total += e.size;
      check_unpacked_size(path, zip.file().size(), total);
      std::vector<uint8_t> bytes(static_cast<size_t>(e.size));
      zip.read(e, bytes.data());
      return bytes;
    };
    TarReader::Entry entry{.name = e.name, .link = {}, .size = e.size, .kind = Kind::file};
    if (e.name.ends_with('/')) {
      entry.kind = Kind::other;
    } else if (e.is_link) {
      if (e.size > kLongestPath) throw FormatError(path, fmt::format("'{}' is no link", e.name));
      const std::vector<uint8_t> target = content();
      entry.link.assign(target.begin(), target.end());
      entry.kind = Kind::symbolic_link;
    }
    visit(entry, content);
  }
}

bool is_zip(const std::string& path) {
  const InputFile file(path);
  std::array<char, 4> magic{};
  if (file.size() < 4) return false;
  file.read(0, magic.data(), 4);
  return std::memcmp(magic.data(), "PK\3\4", 4) == 0 || std::memcmp(magic.data(), "PK\5\6", 4) == 0;
}

}  // namespace

void for_each_file(const std::string& path, FunctionRef<bool(const std::string&)> wanted,
                   FunctionRef<void(const std::string&, std::vector<uint8_t>)> take) {
  const auto visit_all = is_zip(path) ? visit_zip : visit_tar;
  const auto is_file = [](const TarReader::Entry& entry) {
    return entry.kind == Kind::file || entry.kind == Kind::sparse;
  };
  Links links(path);
  visit_all(path, [&](const TarReader::Entry& entry, Content content) {
    if (is_file(entry)) {
      links.add_file(entry.name);
      if (wanted(entry.name)) take(entry.name, content());
    } else if (entry.kind != Kind::other) {
      links.add(entry);
    }
  });
  auto names = links.names(wanted);
  if (names.empty()) return;
  // Links may come before the file and lead there by way of others, so only now is it known whose
  // content is needed once more.
  const int64_t size = InputFile(path).size();
  int64_t total = 0;
  visit_all(path, [&](const TarReader::Entry& entry, Content content) {
    const auto found = is_file(entry) ? names.find(plain(entry.name)) : names.end();
    if (found == names.end()) return;
    const std::vector<uint8_t> bytes = content();
    for (const std::string& name : found->second) {
      total += entry.size;
      check_unpacked_size(path, size, total);
      take(name, bytes);
    }
    names.erase(found);
  });
}

}  // namespace strata
