#pragma once

#include <filesystem>
#include <initializer_list>
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
  void open_new_file(unsigned mode);
  void write_through(std::string_view bytes) const;

  std::string place_;             ///< prefix of errors
  std::string name_, temporary_;  ///< names of the two files in the directory
  std::string buffer_;
  Descriptor folder_, out_;
};

/// Writes these parts, one after the other, to a file: replaces a regular file, and writes into
/// anything else that has this name, such as a pipe or a device. Throws FileError, beginning with
/// the name of `writer`, the function that the user called.
void write_file(const std::filesystem::path& file, std::string_view writer,
                std::initializer_list<std::string_view> parts);

}  // namespace dagrad::detail
