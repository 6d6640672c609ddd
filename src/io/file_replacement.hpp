#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "src/io/descriptor.hpp"

namespace dagrad::detail {

/// Replaces a regular file completely or not at all: the new file is written beside the old one
/// under another name, and takes over its place and mode once all of it is on disk. A symbolic link
/// is followed. All functions except the destructor throw FileError, which leaves the old file
/// unchanged.
class FileReplacement {
 public:
  /// `writer` is the prefix of errors.
  FileReplacement(const std::filesystem::path& file, std::string_view writer);
  FileReplacement(const FileReplacement&) = delete;
  FileReplacement& operator=(const FileReplacement&) = delete;
  /// Removes the new file unless it has been committed.
  ~FileReplacement();

  /// Appends to the new file.
  void write(std::string_view bytes);
  /// Replaces the old file. Does not throw once the new file has taken its place.
  void commit();
  [[noreturn]] void fail(const std::string& what) const;

 private:
  explicit FileReplacement(std::string place) : place_(std::move(place)) {}
  [[noreturn]] void fail_with(const char* what, int error) const;
  void open_new_file(unsigned mode);
  void write_through(std::string_view bytes);

  std::string place_;             ///< prefix of errors
  std::string name_, temporary_;  ///< names of the two files in the directory
  std::string buffer_;
  Descriptor folder_, out_;
};

/// Replaces a file by one with this text. Errors begin with the name of `writer`, the function that
/// the user called.
void replace_file(const std::filesystem::path& file, std::string_view writer,
                  std::string_view text);

}  // namespace dagrad::detail
