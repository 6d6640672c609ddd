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

/// A ZIP archive of the plainest kind, as `write_npz` and `np.savez` make it: stored members one
/// after the other, then the directory. Read in order it takes a fifth of libzip's time. Whatever
/// is unusual or inconsistent is left to libzip, which says what is wrong or reads it.
class StoredArchive {
 public:
  struct Member {
    std::string_view name;
    std::string_view entry;  ///< in the directory
    std::uint64_t size, start;
  };

  /// Nothing where the file cannot be read or is not such an archive by its directory.
  static std::optional<StoredArchive> open(const std::filesystem::path& file);

  const std::vector<Member>& members() const { return members_; }
  /// Goes to a member's bytes; false where its own header differs from the directory's.
  bool go_to(const Member& member);
  /// Up to `count` bytes from there; 0 where reading fails.
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
  std::string rest_;  ///< of the last header read: name and fields
  std::vector<Member> members_;
};

/// A member of it, whose checksum is compared at its end.
class StoredMemberBuffer final : public MemberBuffer {
 public:
  /// Of an archive that has gone to that member.
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
