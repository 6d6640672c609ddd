#include "src/io/stored_archive.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "src/io/crc32.hpp"
#include "src/io/zip_format.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

using namespace zip_format;

namespace {

constexpr std::size_t window_bytes = std::size_t{1} << 18;

// Offsets of the fields that the two headers of a member have in common.
constexpr std::size_t local_common = 4, directory_common = 6, common_bytes = 14;
constexpr std::size_t flags_at = 8, method_at = 10, checksum_at = 16,
                      disk_at = 34;  // offsets in the directory's record

// Replaces the numbers that are stored in the 64-bit form. Returns false if that form is missing.
bool widen(std::span<std::uint64_t* const> numbers, std::string_view fields) {
  while (fields.size() >= 4 && get<std::uint16_t>(fields, 0) != wide_field)
    fields.remove_prefix(std::min<std::size_t>(fields.size(), 4 + get<std::uint16_t>(fields, 2)));
  std::string_view wide;
  if (fields.size() >= 4) wide = fields.substr(4, get<std::uint16_t>(fields, 2));
  for (std::uint64_t* const number : numbers) {
    if (*number != elsewhere<std::uint32_t>) continue;
    if (wide.size() < 8) return false;
    *number = get<std::uint64_t>(wide, 0);
    wide.remove_prefix(8);
  }
  return true;
}

// Whether the encoding of a name is unambiguous.
bool plain_name(std::string_view name, bool utf8) {
  for (std::size_t at = 0; at < name.size();) {
    const Character c = character_at(name, at);
    if (c.code == Character::invalid || c.code == 0 || (c.bytes > 1 && !utf8)) return false;
    at += c.bytes;
  }
  return true;
}

}  // namespace

std::optional<StoredArchive> StoredArchive::open(const std::filesystem::path& file) {
  StoredArchive archive;
  archive.file_ = Descriptor(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!archive.file_ || ::fstat(archive.file_.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return {};
  archive.size_ = static_cast<std::uint64_t>(status.st_size);
  if (!archive.read_directory()) return {};
  return archive;
}

bool StoredArchive::read_whole(std::span<char> to) {
  while (!to.empty()) {
    const std::int64_t got = read(to.data(), static_cast<std::int64_t>(to.size()));
    if (got <= 0) return false;
    to = to.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

// Reads the records at the end of the file, which tell where the directory is.
std::optional<StoredArchive::Directory> StoredArchive::find_directory() {
  std::array<char, end_bytes> end_data;
  std::array<char, wide_end_bytes + wide_end_place_bytes> wide_data;
  const std::string_view end(end_data.data(), end_data.size()),
      wide(wide_data.data(), wide_data.size());
  if (size_ < end.size()) return {};
  here_ = size_ - end.size();
  if (!read_whole(end_data) || !end.starts_with(end_mark) || get<std::uint32_t>(end, 4) != 0 ||
      get<std::uint16_t>(end, 20) != 0)
    return {};
  Directory found{get<std::uint16_t>(end, 10), get<std::uint32_t>(end, 12),
                  get<std::uint32_t>(end, 16)};
  std::uint64_t behind = size_ - end.size();
  if (found.members == elsewhere<std::uint16_t> || found.bytes == elsewhere<std::uint32_t> ||
      found.start == elsewhere<std::uint32_t>) {
    if (behind < wide.size()) return {};
    behind -= wide.size();
    here_ = behind;
    if (!read_whole(wide_data) || !wide.starts_with(wide_end_mark) ||
        !wide.substr(wide_end_bytes).starts_with(wide_end_place_mark))
      return {};
    found = {get<std::uint64_t>(wide, 32), get<std::uint64_t>(wide, 40),
             get<std::uint64_t>(wide, 48)};
  }
  if (found.start > behind || found.bytes != behind - found.start ||
      found.members > found.bytes / directory_bytes)
    return {};
  return found;
}

bool StoredArchive::read_directory() {
  const auto found = find_directory();
  if (!found) return false;
  directory_start_ = here_ = found->start;
  directory_.resize(found->bytes);
  if (!read_whole(directory_)) return false;
  members_.reserve(found->members);
  std::uint64_t before = 0;
  std::string_view rest(directory_.data(), directory_.size());
  while (!rest.empty())
    if (!read_entry(rest, before)) return false;
  return members_.size() == found->members;
}

// Takes a record from the front of the directory. `end` is the end of the previous member, and
// becomes the earliest possible end of this one.
bool StoredArchive::read_entry(std::string_view& rest, std::uint64_t& end) {
  if (rest.size() < directory_bytes || !rest.starts_with(directory_mark)) return false;
  const std::uint16_t flags = get<std::uint16_t>(rest, flags_at);
  const std::size_t name = get<std::uint16_t>(rest, 28), fields = get<std::uint16_t>(rest, 30),
                    comment = get<std::uint16_t>(rest, 32);
  if ((flags & ~utf8_flag) != 0 || get<std::uint16_t>(rest, method_at) != 0 || comment != 0 ||
      get<std::uint16_t>(rest, disk_at) != 0 || rest.size() < directory_bytes + name + fields)
    return false;
  std::uint64_t packed = get<std::uint32_t>(rest, 20), size = get<std::uint32_t>(rest, 24),
                start = get<std::uint32_t>(rest, 42);
  const std::array<std::uint64_t*, 3> numbers{&size, &packed, &start};
  if (!widen(numbers, rest.substr(directory_bytes + name, fields)) || packed != size) return false;
  if (start < end || start > directory_start_ || size > directory_start_ - start) return false;
  end = start + size;
  members_.push_back({rest.substr(directory_bytes, name), rest, size, start});
  rest.remove_prefix(directory_bytes + name + fields);
  return plain_name(members_.back().name, flags != 0);
}

bool StoredArchive::go_to(const Member& member) {
  std::array<char, local_bytes> data;
  const std::string_view header(data.data(), data.size());
  here_ = member.start;
  if (!read_whole(data) || !header.starts_with(local_mark)) return false;
  const std::size_t name = get<std::uint16_t>(header, 26);
  rest_.resize(name + get<std::uint16_t>(header, 28));
  if (!read_whole(rest_) || std::string_view(rest_).substr(0, name) != member.name) return false;
  std::uint64_t packed = get<std::uint32_t>(header, 18), size = get<std::uint32_t>(header, 22);
  const std::array<std::uint64_t*, 2> numbers{&size, &packed};
  return widen(numbers, std::string_view(rest_).substr(name)) && size == member.size &&
         packed == size && size <= directory_start_ - here_ &&
         header.substr(local_common, common_bytes) ==
             member.entry.substr(directory_common, common_bytes);
}

std::int64_t StoredArchive::read(char* to, std::int64_t count) {
  const auto wanted = static_cast<std::uint64_t>(count);
  const auto fill = [this](char* target, std::uint64_t most) {
    ssize_t got = 0;
    do {
      got = ::pread(file_.get(), target, most, static_cast<off_t>(here_));
    } while (got < 0 && errno == EINTR);
    return got;
  };
  if (here_ < window_start_ || here_ - window_start_ >= window_.size()) {
    if (wanted >= window_bytes) {
      const ssize_t got = fill(to, std::min(wanted, std::uint64_t{1} << 30));
      here_ += static_cast<std::uint64_t>(std::max<ssize_t>(got, 0));
      return got;
    }
    window_.resize(window_bytes);
    window_start_ = here_;
    window_.resize(
        static_cast<std::size_t>(std::max<ssize_t>(fill(window_.data(), window_bytes), 0)));
  }
  const std::uint64_t at = here_ - window_start_, n = std::min(wanted, window_.size() - at);
  std::memcpy(to, window_.data() + at, n);
  here_ += n;
  return static_cast<std::int64_t>(n);
}

StoredMemberBuffer::StoredMemberBuffer(StoredArchive& archive, const StoredArchive::Member& member)
    : MemberBuffer(member.size),
      archive_(archive),
      left_(member.size),
      wanted_checksum_(get<std::uint32_t>(member.entry, checksum_at)) {}

std::int64_t StoredMemberBuffer::read(char* to, std::int64_t count) {
  const std::int64_t wanted = std::min(count, static_cast<std::int64_t>(left_));
  if (wanted == 0) return 0;
  const std::int64_t got = archive_.read(to, wanted);
  failed_ = got <= 0;
  if (failed_) return 0;
  checksum_ = crc32(checksum_, {to, static_cast<std::size_t>(got)});
  left_ -= static_cast<std::uint64_t>(got);
  return got;
}

std::optional<std::string> StoredMemberBuffer::failure() {
  if (failed_) return "Read error";
  if (left_ == 0 && checksum_ != wanted_checksum_) return "CRC error";
  return {};
}

}  // namespace dagrad::detail
