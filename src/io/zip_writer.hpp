#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/io/file_replacement.hpp"

namespace dagrad::detail {

/// Writes a ZIP archive of stored members from front to end, in the 64-bit form where it has to be.
/// libzip takes several times as long where members are small and many.
class ZipWriter {
 public:
  explicit ZipWriter(FileReplacement& out) : out_(out) {}

  /// A member of two parts. Names are UTF-8 of at most 65,535 bytes, each given once.
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
