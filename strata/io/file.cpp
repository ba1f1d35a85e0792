#include "strata/io/file.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strata/base/error.h"

namespace strata {
namespace {

namespace fs = std::filesystem;

constexpr int kWritersAtOnce = 100;

std::string text_of(int error) { return std::generic_category().message(error); }

std::string_view hint_for(int error) {
  if (error == ENOSPC || error == EDQUOT) return "the disk is full; the old file, if any, is kept";
  if (error == EFBIG) {
    return "it is larger than files may be (ulimit -f); the old file, if any, is kept";
  }
  return {};
}

int open_retrying(const char* path, int flags, mode_t mode = 0) {
  int fd;
  do {
    fd = ::open(path, flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

/// Follows symbolic links, so that a link stays one when its file is replaced.
std::string resolve_links(const std::string& path) {
  std::error_code error;
  if (!fs::is_symlink(fs::symlink_status(path, error))) return path;
  const fs::path real = fs::weakly_canonical(path, error);
  return error ? path : real.string();
}

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

/// Whether `path` still names the open file.
bool names(const std::string& path, int fd) {
  struct stat by_name {
  }, by_fd{};
  return ::stat(path.c_str(), &by_name) == 0 && ::fstat(fd, &by_fd) == 0 &&
         by_name.st_ino == by_fd.st_ino && by_name.st_dev == by_fd.st_dev;
}

}  // namespace

InputFile::InputFile(std::string path) : path_(std::move(path)) {
  fd_ = open_retrying(path_.c_str(), O_RDONLY | O_NONBLOCK);  // a pipe without writer must not hang
  if (fd_ < 0) throw IoError(path_, "cannot open: " + text_of(errno));
  struct stat status {};
  const int error = ::fstat(fd_, &status) == 0 ? 0 : errno;
  if (error == 0 && S_ISREG(status.st_mode)) {
    size_ = status.st_size;
    return;
  }
  ::close(fd_);
  if (error != 0) throw IoError(path_, "cannot read: " + text_of(error));
  throw IoError(
      path_, S_ISDIR(status.st_mode) ? "is a folder, a file is needed" : "is not a regular file");
}

InputFile::InputFile(InputFile&& o) noexcept
    : path_(std::move(o.path_)), fd_(std::exchange(o.fd_, -1)), size_(o.size_) {}

InputFile& InputFile::operator=(InputFile&& o) noexcept {
  std::swap(path_, o.path_);
  std::swap(fd_, o.fd_);
  std::swap(size_, o.size_);
  return *this;
}

InputFile::~InputFile() {
  if (fd_ >= 0) ::close(fd_);
}

void InputFile::read(int64_t offset, void* to, int64_t bytes) const {
  if (offset < 0 || bytes < 0 || offset > size_ || bytes > size_ - offset) {
    throw FormatError(path_, fmt::format("truncated: {} bytes are needed from byte {} on, the file "
                                         "has {}",
                                         bytes, offset, size_));
  }
  char* at = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t got = ::pread(fd_, at, static_cast<size_t>(bytes), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw IoError(path_, "cannot read: " + text_of(errno));
    if (got == 0) throw FormatError(path_, "truncated while it was being read");
    at += got;
    offset += got;
    bytes -= got;
  }
}

Tensor read_file(const std::string& path) {
  const InputFile file(path);
  Tensor bytes = empty({file.size()}, DType::u8, kCpu, "read_file");
  file.read(0, bytes.raw(), file.size());
  return bytes;
}

std::string read_text_file(const std::string& path, int64_t most) {
  const InputFile file(path);
  if (file.size() > most) {
    throw FormatError(path, fmt::format("has {} bytes, at most {} make sense", file.size(), most));
  }
  std::string text(static_cast<size_t>(file.size()), '\0');
  file.read(0, text.data(), file.size());
  return text;
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), target_(resolve_links(path_)) {
  std::error_code ignored;
  if (fs::is_directory(target_, ignored)) throw IoError(path_, "cannot write: it is a folder");
  for (int i = 0; i < kWritersAtOnce; ++i) {
    if (lock_temporary(target_ + (i == 0 ? ".tmp" : fmt::format(".tmp{}", i)))) return;
  }
  throw IoError(path_, fmt::format("{} others are writing this file", kWritersAtOnce));
}

/// Opens and locks a temporary file; false where another writer holds it. The kernel drops the lock
/// of a process that dies, so a file left behind is free.
bool AtomicFile::lock_temporary(const std::string& name) {
  temporary_ = name;  // takes memory: a constructor that throws would never close what it opened
  for (;;) {
    fd_ = open_retrying(name.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW, 0666);
    if (fd_ < 0) fail("cannot create a file beside it", errno);
    const bool held = ::flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    // Its last writer may have renamed it between the two calls: then the lock is on another file.
    if (!held && names(name, fd_)) break;
    ::close(std::exchange(fd_, -1));
    if (held) return false;
  }
  if (::ftruncate(fd_, 0) != 0) {
    const int error = errno;
    ::close(std::exchange(fd_, -1));
    fail("cannot write", error);
  }
  return true;
}

void AtomicFile::fail(std::string_view doing, int error) const {
  throw IoError(path_, fmt::format("{}: {}", doing, text_of(error)), hint_for(error));
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::unlink(temporary_.c_str());
  ::close(fd_);
}

void AtomicFile::write(const void* data, int64_t bytes) {
  if (fd_ < 0) throw ValueError(path_, "written to after commit");
  const char* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t done = ::write(fd_, at, static_cast<size_t>(bytes));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail("cannot write", errno);
    at += done;
    bytes -= done;
  }
}

void AtomicFile::commit() {
  if (fd_ < 0) throw ValueError(path_, "committed twice");
  if (::fsync(fd_) != 0) fail("cannot write to the disk", errno);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail("cannot put in place", errno);
  ::close(std::exchange(fd_, -1));
  const int folder = open_retrying(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY);
  if (folder < 0) fail("cannot open its folder", errno);
  const int error = ::fsync(folder) == 0 ? 0 : errno;
  ::close(folder);
  // Some network file systems cannot flush a folder; the rename itself has been done.
  if (error != 0 && error != EINVAL) fail("cannot flush its folder", error);
}

void write_file(const std::string& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content.data(), static_cast<int64_t>(content.size()));
  file.commit();
}

void append_file(const std::string& path, std::string_view content) {
  errno = 0;
  std::ofstream out(path, std::ios::app | std::ios::binary);
  out << content;
  out.flush();
  if (!out) throw IoError(path, "cannot write: " + text_of(errno));
}

}  // namespace strata
