#include "strata/io/inspect.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/io/gzip.h"
#include "strata/io/idx.h"
#include "strata/io/jpeg.h"
#include "strata/io/npy.h"
#include "strata/io/npz.h"
#include "strata/io/png.h"
#include "strata/io/pth.h"
#include "strata/io/safetensors.h"
#include "strata/io/zip.h"

namespace strata {
namespace {

FileReport::Entry entry_of(const Tensor& t) {
  return {"", std::string(name_of(t.dtype())), t.shape(), t.numel() * size_of(t.dtype())};
}

void remark_on_foreign(FileReport& report, int64_t tensors) {
  if (tensors == 0) return;
  report.remarks.push_back(fmt::format("{} tensors have a dtype that Strata cannot load", tensors));
}

void inspect_safetensors(FileReport& report) {
  const SafeTensors file(report.path);
  report.format = "safetensors";
  report.bytes = 0;
  for (const InputFile& shard : file.files()) report.bytes += shard.size();
  int64_t foreign = 0;
  for (const SafeTensorInfo& t : file.tensors()) {
    foreign += !t.dtype;
    report.tensors.push_back(
        {t.name, t.dtype ? std::string(name_of(*t.dtype)) : t.stored, t.shape, t.end - t.begin});
  }
  report.metadata.assign(file.metadata().begin(), file.metadata().end());
  if (file.files().size() > 1) {
    report.metadata.emplace_back("files", fmt::format("{}", file.files().size()));
  }
  remark_on_foreign(report, foreign);
}

void inspect_pth(FileReport& report) {
  const PthFile file(report.path);
  file.check();
  report.format = "PyTorch";
  int64_t foreign = 0;
  for (const PthTensorInfo& t : file.tensors()) {
    foreign += !t.dtype;
    report.tensors.push_back({t.name, t.dtype ? std::string(name_of(*t.dtype)) : t.stored, t.shape,
                              numel(t.shape) * t.width});
  }
  report.metadata.assign(file.metadata().begin(), file.metadata().end());
  remark_on_foreign(report, foreign);
}

/// Lists arrays of NumPy's.
void list_arrays(FileReport& report, const std::map<std::string, NpyInfo>& arrays) {
  int64_t foreign = 0;
  for (const auto& [name, a] : arrays) {
    foreign += !a.dtype;
    report.tensors.push_back(
        {name, a.dtype ? std::string(name_of(*a.dtype)) : a.stored, a.shape, a.bytes});
  }
  remark_on_foreign(report, foreign);
}

void inspect_npz(FileReport& report) {
  report.format = "npz";
  list_arrays(report, npz_info(report.path));
  const ZipFile zip(report.path);
  const auto packed = std::count_if(zip.entries().begin(), zip.entries().end(),
                                    [](const ZipFile::Entry& e) { return e.deflated; });
  if (packed > 0) report.metadata = {{"packed arrays", fmt::format("{}", packed)}};
}

/// A zip archive is numpy's if it says so by its name or by those of all files in it: PyTorch's may
/// hold any file beside their own.
bool is_npz(const std::string& path) {
  if (path.ends_with(".npz")) return true;
  const ZipFile zip(path);
  return !zip.entries().empty() &&
         std::all_of(zip.entries().begin(), zip.entries().end(),
                     [](const ZipFile::Entry& e) { return e.name.ends_with(".npy"); });
}

void inspect_png(FileReport& report) {
  struct Kind {
    std::string_view name;
    int channels;
  };
  constexpr std::array<Kind, 7> kKinds = {{{"grey", 1},
                                           {},
                                           {"RGB", 3},
                                           {"palette", 3},
                                           {"grey with opacity", 4},
                                           {},
                                           {"RGB with opacity", 4}}};
  std::array<uint8_t, 2> header{};  // bits a channel, kind
  InputFile(report.path).read(24, header.data(), 2);
  const Kind kind = header[1] < kKinds.size() ? kKinds[header[1]] : Kind{};
  const Tensor image = read_png(report.path, {.channels = std::max(kind.channels, 1)});
  report.format = "PNG";
  report.tensors.push_back(entry_of(image));
  report.metadata = {{"kind", std::string(kind.name)},
                     {"bits a channel", fmt::format("{}", header[0])}};
}

/// What the first bytes say; the name decides where they say nothing, so that the error of a
/// damaged file is its format's own.
std::string_view format_of(const std::string& path) {
  if (path.ends_with(".safetensors.index.json")) return "safetensors";
  const InputFile file(path);
  std::array<char, 16> first{};
  file.read(0, first.data(), std::min<int64_t>(file.size(), first.size()));
  const std::string_view start(first.data(), first.size());
  const bool zip = start.starts_with("PK\3\4") || start.starts_with("PK\5\6");
  if (zip && is_npz(path)) return "npz";
  if (is_pth(path)) return "PyTorch";
  if (start.starts_with("\x89PNG")) return "PNG";
  if (start.starts_with("\xff\xd8")) return "JPEG";
  if (start.starts_with("\x93NUMPY")) return "npy";
  if (start[8] == '{') return "safetensors";
  if (start.starts_with("\x1f\x8b")) return "IDX";
  if (start[0] == 0 && start[1] == 0 && start[2] >= 8 && start[2] <= 14) return "IDX";
  if (path.ends_with(".png")) return "PNG";
  if (path.ends_with(".jpg") || path.ends_with(".jpeg")) return "JPEG";
  if (path.ends_with(".pth") || path.ends_with(".pt")) return "PyTorch";
  if (path.ends_with(".npy")) return "npy";
  if (path.ends_with(".npz")) return "npz";
  if (path.ends_with(".safetensors")) return "safetensors";
  if (path.ends_with("-ubyte")) return "IDX";
  throw FormatError(path, "of no known format",
                    "safetensors, PyTorch, npy, npz, IDX (also packed by gzip), PNG and JPEG are");
}

}  // namespace

FileReport inspect_file(const std::string& path) {
  FileReport report;
  report.path = path;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    inspect_safetensors(report);
    return report;
  }
  const std::string_view format = format_of(path);
  report.bytes = InputFile(path).size();
  if (format == "safetensors") {
    inspect_safetensors(report);
  } else if (format == "PyTorch") {
    inspect_pth(report);
  } else if (format == "npz") {
    inspect_npz(report);
  } else if (format == "PNG") {
    inspect_png(report);
  } else if (format == "JPEG") {
    report.format = format;
    report.tensors.push_back(entry_of(read_jpeg(path)));
  } else if (format == "npy") {
    report.format = format;
    list_arrays(report, {{"", npy_info(path)}});
  } else {
    report.format = format;
    report.tensors.push_back(entry_of(read_idx(path)));
    if (ByteStream(path).packed()) report.metadata = {{"packed by", "gzip"}};
  }
  return report;
}

}  // namespace strata
