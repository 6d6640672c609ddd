#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "src/io/descriptor.hpp"

namespace dagrad::detail {

/// A regular file that is replaced as a whole or not at all: the new one is written beside it under
/// another name, and takes its place and its mode when all of it is on the disk. A symbolic link is
/// followed to the file that it leads to. All functions but the destructor throw FileError, and the
/// old file is then as it was.
class FileReplacement {
 public:
  /// `writer` goes before the text of errors.
  FileReplacement(const std::filesystem::path& file, std::string_view writer);
  FileReplacement(const FileReplacement&) = delete;
  FileReplacement& operator=(const FileReplacement&) = delete;
  /// Removes what was written unless it has been committed.
  ~FileReplacement();

  /// Appends to the new file.
  void write(std::string_view bytes);
  /// Nothing throws once the new file has taken the old one's place.
  void commit();
  [[noreturn]] void fail(const std::string& what) const;

 private:
  explicit FileReplacement(std::string place) : place_(std::move(place)) {}
  [[noreturn]] void fail_with(const char* what, int error) const;
  void open_new_file(unsigned mode);
  void write_through(std::string_view bytes);

  std::string place_;             ///< before the text of errors
  std::string name_, temporary_;  ///< of files in the folder
  std::string buffer_;
  Descriptor folder_, out_;
};

}  // namespace dagrad::detail
