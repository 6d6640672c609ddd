#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/io/descriptor.hpp"
#include "src/io/member_buffer.hpp"

namespace dagrad::detail {

/// A ZIP archive of the simplest kind, as `write_npz` and `np.savez` write it: stored members one
/// after the other, then the directory. Reading it in order takes a fifth of libzip's time. Unusual
/// or inconsistent archives are left to libzip, which reads them or reports the error.
class StoredArchive {
 public:
  struct Member {
    std::string_view name;
    std::string_view entry;  ///< record in the directory
    std::uint64_t size, start;
  };

  /// Returns nothing if the file cannot be read or its directory is not that of such an archive.
  static std::optional<StoredArchive> open(const std::filesystem::path& file);

  const std::vector<Member>& members() const { return members_; }
  /// Goes to a member's bytes; returns false if its header differs from its record in the
  /// directory.
  bool go_to(const Member& member);
  /// Reads up to `count` more bytes; returns 0 if reading fails.
  std::int64_t read(char* to, std::int64_t count);

 private:
  struct Directory {
    std::uint64_t members, bytes, start;
  };
  std::optional<Directory> find_directory();
  bool read_directory();
  bool read_entry(std::string_view& rest, std::uint64_t& end);
  bool read_whole(std::span<char> to);

  Descriptor file_;
  std::uint64_t size_ = 0, here_ = 0, directory_start_ = 0;
  std::vector<char> directory_, window_;
  std::uint64_t window_start_ = 0;
  std::string rest_;  ///< name and fields of the last header read
  std::vector<Member> members_;
};

/// A member of such an archive, whose checksum is compared at its end.
class StoredMemberBuffer final : public MemberBuffer {
 public:
  /// `archive` must have gone to that member.
  StoredMemberBuffer(StoredArchive& archive, const StoredArchive::Member& member);

 private:
  std::int64_t read(char* to, std::int64_t count) override;
  std::optional<std::string> failure() override;

  StoredArchive& archive_;
  std::uint64_t left_;
  std::uint32_t wanted_checksum_, checksum_ = 0;
  bool failed_ = false;
};

}  // namespace dagrad::detail
