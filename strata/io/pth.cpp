#include "strata/io/pth.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/byte_order.h"
#include "strata/io/pickle.h"
#include "strata/io/pth_tree.h"
#include "strata/io/zip.h"
#include "strata/ops/unary.h"

namespace strata {
namespace {

constexpr int64_t kMostPickle = int64_t{64} << 20;
constexpr std::string_view kMagic = "1950a86a20f9469cfc6c";  // 119547037146038801333356
constexpr int64_t kProtocol = 1001;

using internal::PickleNode;
using internal::PthStorage;

/// The folder in the archive that holds data.pkl, with its slash.
std::string folder_of(const ZipFile& zip) {
  constexpr std::string_view kPickle = "data.pkl";
  for (const ZipFile::Entry& e : zip.entries()) {
    if (!e.name.ends_with(kPickle)) continue;
    const std::string folder = e.name.substr(0, e.name.size() - kPickle.size());
    if (std::count(folder.begin(), folder.end(), '/') <= 1) return folder;
  }
  throw FormatError(zip.path(), "a zip archive without data.pkl: no file of PyTorch's");
}

}  // namespace

struct PthFile::Impl {
  std::string path;
  internal::PthContent content;
  bool big_endian = false;
  std::optional<ZipFile> zip;
  std::vector<const ZipFile::Entry*> entries;  // of each storage, in a zip
  std::optional<InputFile> file;               // in the old form
  std::vector<int64_t> places;                 // of each storage

  explicit Impl(const std::string& name) : path(name) {
    std::array<char, 2> first{};
    const InputFile input(path);
    if (input.size() >= 2) input.read(0, first.data(), 2);
    if (first[0] == 'P' && first[1] == 'K') {
      open_zip();
    } else {
      open_legacy();
    }
  }

  void open_zip() {
    zip.emplace(path);
    const std::string folder = folder_of(*zip);
    const auto text = read_entry(*zip->find(folder + "data.pkl"));
    content = internal::interpret_pth(path, internal::read_pickle(path, text));
    if (const auto* order = zip->find(folder + "byteorder")) {
      const auto word = read_entry(*order);
      big_endian = std::string(word.begin(), word.end()) == "big";
    }
    for (const PthStorage& s : content.storages) {
      const ZipFile::Entry* entry = zip->find(folder + "data/" + s.key);
      if (!entry) throw FormatError(path, fmt::format("the storage '{}' is missing", s.key));
      if (entry->size != s.bytes) {
        throw FormatError(path, fmt::format("the storage '{}' has {} bytes where {} are promised",
                                            s.key, entry->size, s.bytes));
      }
      entries.push_back(entry);
    }
  }

  std::vector<unsigned char> read_entry(const ZipFile::Entry& e) const {
    if (e.size > kMostPickle) throw FormatError(path, fmt::format("'{}' is absurdly long", e.name));
    std::vector<unsigned char> bytes(static_cast<size_t>(e.size));
    zip->read(e, bytes.data());
    return bytes;
  }

  /// Five pickles one after the other: magic number, version, a system's sizes, the content, the
  /// keys of the storages in the order in which their bytes follow.
  void open_legacy() {
    file.emplace(path);
    std::vector<unsigned char> head(static_cast<size_t>(std::min(file->size(), kMostPickle)));
    file->read(0, head.data(), static_cast<int64_t>(head.size()));
    size_t at = 0;
    const auto next = [&] {
      internal::PickleTree tree = internal::read_pickle(path, std::span(head).subspan(at));
      at += tree.bytes;
      return tree;
    };
    const auto magic = next();
    if (magic[magic.root].text != kMagic) throw FormatError(path, "no file of PyTorch's");
    const auto version = next();
    if (version[version.root].integer != kProtocol) {
      throw FormatError(path, fmt::format("written by version {} of PyTorch's format, not {}",
                                          version[version.root].integer, kProtocol));
    }
    next();
    content = internal::interpret_pth(path, next());
    const auto keys = next();
    place_storages(keys, static_cast<int64_t>(at));
  }

  void place_storages(const internal::PickleTree& keys, int64_t at) {
    std::map<std::string, size_t> index;
    for (size_t i = 0; i < content.storages.size(); ++i) index[content.storages[i].key] = i;
    places.assign(content.storages.size(), -1);
    for (const int32_t item : keys[keys.root].items) {
      const auto it = index.find(keys[item].text);
      if (it == index.end() || places[it->second] >= 0) {
        throw FormatError(path, fmt::format("a storage '{}' that no tensor has, or a second time",
                                            keys[item].text));
      }
      const PthStorage& s = content.storages[it->second];
      int64_t count = 0;
      file->read(at, &count, sizeof count);
      if (count != s.count) {
        throw FormatError(
            path, fmt::format("the storage '{}' has {} elements where {} are promised", s.key,
                              count, s.count));
      }
      places[it->second] = at += static_cast<int64_t>(sizeof count);
      if (s.bytes > file->size() - at) {
        throw FormatError(path, fmt::format("truncated in the storage '{}'", s.key));
      }
      at += s.bytes;
    }
    const auto missing = std::find(places.begin(), places.end(), -1);
    if (missing != places.end()) {
      const auto i = static_cast<size_t>(missing - places.begin());
      throw FormatError(path, fmt::format("the storage '{}' is missing", content.storages[i].key));
    }
    if (at != file->size()) {
      throw FormatError(path, fmt::format("{} bytes follow its end", file->size() - at));
    }
  }

  Tensor read_storage(size_t i) const {
    const PthStorage& s = content.storages[i];
    Tensor t = empty({s.count}, *s.dtype, kCpu, "load_pth");
    if (zip) {
      zip->read(*entries[i], t.raw());
    } else {
      file->read(places[i], t.raw(), s.bytes);
    }
    if (big_endian) swap_bytes(t.raw(), s.count, size_of(*s.dtype));
    if (*s.dtype == DType::boolean) {
      auto* bytes = static_cast<unsigned char*>(t.raw());  // what is neither 0 nor 1 is no bool
      for (int64_t k = 0; k < s.count; ++k) bytes[k] = bytes[k] != 0;
    }
    return t;
  }
};

PthFile::PthFile(const std::string& path) : impl_(std::make_unique<Impl>(path)) {}
PthFile::~PthFile() = default;

const std::vector<PthTensorInfo>& PthFile::tensors() const { return impl_->content.tensors; }
const Metadata& PthFile::metadata() const { return impl_->content.metadata; }
const std::string& PthFile::path() const { return impl_->path; }

TensorMap PthFile::load() const {
  std::map<std::pair<int, bool>, Tensor> storages;
  TensorMap out;
  for (const PthTensorInfo& info : tensors()) {
    if (!info.dtype) {
      throw FormatError(path(), fmt::format("tensor '{}' is a {}, a dtype that Strata lacks",
                                            info.name, info.stored));
    }
    Tensor& storage = storages[{info.storage, info.negated}];
    if (!storage.defined()) {
      storage = impl_->read_storage(static_cast<size_t>(info.storage));
      // Not the tensor, whose strides may make it larger than the file.
      if (info.negated) storage = neg(storage);
    }
    out[info.name] = storage.as_strided(info.shape, info.strides, info.offset);
  }
  return out;
}

void PthFile::check() const {
  if (!impl_->zip) return;  // the old form has no checksums
  for (const ZipFile::Entry& e : impl_->zip->entries()) impl_->zip->check(e);
}

TensorMap load_pth(const std::string& path) { return PthFile(path).load(); }

bool is_pth(const std::string& path) {
  const InputFile file(path);
  std::array<unsigned char, 4> first{};
  if (file.size() < 4) return false;
  file.read(0, first.data(), 4);
  return (first[0] == 'P' && first[1] == 'K' && first[2] == 3 && first[3] == 4) ||
         (first[0] == 0x80 && first[1] == 2 && first[2] == 0x8a && first[3] == 10);
}

}  // namespace strata
