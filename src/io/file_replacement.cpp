#include "src/io/file_replacement.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>
#include <system_error>

#include "dagrad/error.hpp"
#include "src/io/file_name.hpp"

namespace dagrad::detail {

namespace {

constexpr std::size_t buffered = std::size_t{1} << 20;
constexpr int most_links = 40;  // the limit of the Linux kernel

/// The file to which a path leads through symbolic links, whether or not it exists.
std::filesystem::path followed(std::filesystem::path file) {
  std::error_code none;
  for (int i = 0; i < most_links && is_symlink(symlink_status(file, none)); ++i) {
    const std::filesystem::path target = read_symlink(file, none);
    if (none) break;
    file = file.parent_path() / target;
  }
  return file;
}

[[noreturn]] void fail_with(std::string_view place, std::string_view what, int error) {
  throw FileError(fmt::format("{}: {}: {}", place, what, std::strerror(error)));
}

/// `place` begins the text of an error.
void write_all(const Descriptor& out, std::string_view bytes, std::string_view place) {
  constexpr std::size_t most = std::size_t{1} << 30;  // bytes that one call accepts
  while (!bytes.empty()) {
    const ssize_t written = ::write(out.get(), bytes.data(), std::min(bytes.size(), most));
    if (written < 0 && errno != EINTR) fail_with(place, "cannot be written", errno);
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// Whether a path leads to something other than a regular file or a directory.
bool is_special(const std::filesystem::path& file) {
  struct stat there {};
  return ::stat(file.c_str(), &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode);
}

Descriptor open_folder(const std::filesystem::path& folder) {
  const char* const path = folder.empty() ? "." : folder.c_str();
  Descriptor readable(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (readable || errno != EACCES) return readable;
  return Descriptor(::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));  // enough to write in it
}

}  // namespace

// Delegates to another constructor, so that the destructor runs if this one throws.
FileReplacement::FileReplacement(const std::filesystem::path& file, std::string_view writer)
    : FileReplacement(fmt::format("{}: {}", writer, file_name(file, writer))) {
  struct stat old {};
  const bool exists = ::stat(file.c_str(), &old) == 0;
  if (!exists && errno != ENOENT) fail_with(place_, "cannot be written", errno);
  if (exists && !S_ISREG(old.st_mode))
    fail("is not a regular file; only regular files can be replaced");
  const std::filesystem::path target = followed(file);
  name_ = target.filename().string();
  if (name_.empty()) fail("does not name a file");
  folder_ = open_folder(target.parent_path());
  if (!folder_) fail("its directory " + cannot_be_opened(file, std::strerror(errno)));
  struct stat there {};
  const bool found = ::fstatat(folder_.get(), name_.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
  if (exists && !(found && there.st_dev == old.st_dev && there.st_ino == old.st_ino))
    fail("leads to a file without a name, which cannot be replaced");
  open_new_file(exists ? old.st_mode & 07777 : 0666);
  if (exists) {
    if (::fstat(out_.get(), &there) != 0) fail_with(place_, "cannot be written", errno);
    if (((there.st_mode ^ old.st_mode) & 07777) != 0 &&
        ::fchmod(out_.get(), old.st_mode & 07777) != 0)
      fail_with(place_, "its permissions cannot be kept", errno);
  }
  buffer_.reserve(buffered);
}

void FileReplacement::open_new_file(unsigned mode) {
  std::random_device random;
  std::string name;
  do {
    name = fmt::format(".dagrad-{:08x}{:08x}.tmp", random(), random());
    out_ = Descriptor(::openat(folder_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                               mode & 0666));
  } while (!out_ && errno == EEXIST);
  if (!out_) fail_with(place_, "a new file cannot be created in its directory", errno);
  temporary_ = std::move(name);
}

FileReplacement::~FileReplacement() {
  if (!temporary_.empty()) ::unlinkat(folder_.get(), temporary_.c_str(), 0);
}

void FileReplacement::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > buffered) {
    write_through(buffer_);
    buffer_.clear();
  }
  if (bytes.size() < buffered)
    buffer_ += bytes;
  else
    write_through(bytes);
}

void FileReplacement::write_through(std::string_view bytes) const {
  write_all(out_, bytes, place_);
}

void FileReplacement::commit() {
  write_through(buffer_);
  buffer_.clear();
  if (::fsync(out_.get()) != 0 && errno != EINVAL)  // EINVAL: the file system has nothing to flush
    fail_with(place_, "cannot be flushed to the disk", errno);
  if (::renameat(folder_.get(), temporary_.c_str(), folder_.get(), name_.c_str()) != 0)
    fail_with(place_, "cannot be replaced", errno);
  temporary_.clear();
  // Flushes the new name as well. The file is complete whether or not this succeeds.
  static_cast<void>(::fsync(folder_.get()));
}

void FileReplacement::fail(const std::string& what) const {
  throw FileError(fmt::format("{}: {}", place_, what));
}

void write_file(const std::filesystem::path& file, std::string_view writer,
                std::initializer_list<std::string_view> parts) {
  if (is_special(file)) {
    const std::string place = fmt::format("{}: {}", writer, file_name(file, writer));
    const Descriptor out(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    if (!out) fail_with(place, "cannot be opened", errno);
    for (const std::string_view part : parts) write_all(out, part, place);
    return;
  }
  FileReplacement replacement(file, writer);
  for (const std::string_view part : parts) replacement.write(part);
  replacement.commit();
}

}  // namespace dagrad::detail
