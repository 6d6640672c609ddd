#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/io/file_replacement.hpp"

namespace dagrad::detail {

/// Writes a ZIP archive of stored members from front to end, in the 64-bit form where necessary.
/// libzip takes several times as long for many small members.
class ZipWriter {
 public:
  explicit ZipWriter(FileReplacement& out) : out_(out) {}

  /// Adds a member that consists of two parts. Names must be UTF-8, have at most 65,535 bytes and
  /// be unique.
  void add(std::string_view name, std::string_view head, std::string_view body);
  /// Writes the directory, which ends the archive.
  void finish();

 private:
  struct Member;
  void write(std::string_view bytes);

  FileReplacement& out_;
  std::string directory_;
  std::uint64_t offset_ = 0, members_ = 0;
};

}  // namespace dagrad::detail
