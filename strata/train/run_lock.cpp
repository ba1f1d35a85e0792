#include "strata/train/run_lock.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "strata/base/error.h"

namespace strata::train {

RunLock::RunLock(const std::string& run_dir) {
  do {
    fd_ = ::open(run_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  } while (fd_ < 0 && errno == EINTR);
  if (fd_ < 0) {
    const int error = errno;
    throw IoError(run_dir, "cannot open the folder: " + std::generic_category().message(error));
  }
  int error = 0;
  do {
    error = ::flock(fd_, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  } while (error == EINTR);
  if (error != EWOULDBLOCK) return;  // any other: a file system without locks
  ::close(fd_);
  throw IoError(run_dir, "another training is writing into it",
                "wait for its end, or choose another folder");
}

RunLock::~RunLock() { ::close(fd_); }

}  // namespace strata::train
