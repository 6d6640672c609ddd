#pragma once

#include <filesystem>
#include <string>

namespace dagrad::detail {

/// A file that is replaced as a whole or not at all: the new one is written beside it under another
/// name, and takes its place when all of it is on the disk.
class FileReplacement {
 public:
  /// `writer` goes before the text of errors.
  FileReplacement(std::filesystem::path file, std::string writer);
  FileReplacement(const FileReplacement&) = delete;
  FileReplacement& operator=(const FileReplacement&) = delete;
  /// Removes what was written unless it has been committed.
  ~FileReplacement();

  /// Where to write: in the same folder, and nothing is there yet.
  const std::filesystem::path& temporary() const { return temporary_; }
  /// Throws FileError; the old file is then as it was, but for a folder that cannot be flushed.
  void commit();
  [[noreturn]] void fail(const std::string& what) const;

 private:
  void flush(const std::filesystem::path& path, int flags) const;

  std::filesystem::path file_, temporary_;
  std::string writer_;
};

}  // namespace dagrad::detail
