#include "src/io/file_replacement.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>
#include <system_error>
#include <utility>

#include "dagrad/error.hpp"

namespace dagrad::detail {

FileReplacement::FileReplacement(std::filesystem::path file, std::string writer)
    : file_(std::move(file)), temporary_(file_), writer_(std::move(writer)) {
  std::random_device random;
  temporary_ += fmt::format(".{:08x}{:08x}.tmp", random(), random());
}

FileReplacement::~FileReplacement() {
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
}

void FileReplacement::commit() {
  flush(temporary_, O_RDONLY);
  if (std::rename(temporary_.c_str(), file_.c_str()) != 0)
    fail(fmt::format("cannot be replaced: {}", std::strerror(errno)));
  const std::filesystem::path folder = file_.parent_path();
  flush(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);  // the new name, too
}

void FileReplacement::fail(const std::string& what) const {
  throw FileError(fmt::format("{}: '{}': {}", writer_, file_.string(), what));
}

void FileReplacement::flush(const std::filesystem::path& path, int flags) const {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  int error = descriptor < 0 || ::fsync(descriptor) != 0 ? errno : 0;
  if (descriptor >= 0) ::close(descriptor);
  if (error == EINVAL) error = 0;  // a file system that has nothing to flush here
  if (error != 0) fail(fmt::format("cannot be flushed to the disk: {}", std::strerror(error)));
}

}  // namespace dagrad::detail
