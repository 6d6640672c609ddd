#include "src/io/zip_writer.hpp"

#include <algorithm>
#include <initializer_list>

#include "src/io/crc32.hpp"
#include "src/io/zip_format.hpp"

namespace dagrad::detail {

namespace {

using namespace zip_format;

constexpr std::uint16_t plain_version = 10,
                        wide_version = 45;       // versions of ZIP needed to read a member
constexpr std::uint16_t made_by = 3 << 8 | 63;   // Unix, ZIP 6.3
constexpr std::uint16_t first_day = 1 << 5 | 1;  // 1 January 1980, the earliest date of ZIP
constexpr std::uint32_t file_attributes = 0100666U << 16;  // a regular Unix file

template <std::unsigned_integral T>
void put_most(std::string& to, std::uint64_t value) {
  put(to, static_cast<T>(std::min(value, elsewhere<T>)));
}

// The field with those numbers that need 64 bits.
std::string wide_numbers(std::initializer_list<std::uint64_t> numbers) {
  std::string field;
  for (const std::uint64_t number : numbers) put(field, number);
  if (field.empty()) return field;
  std::string header;
  put(header, wide_field);
  put(header, static_cast<std::uint16_t>(field.size()));
  return header + field;
}

}  // namespace

// The data stored both in front of a member and in the directory.
struct ZipWriter::Member {
  std::string_view name;
  std::uint64_t size;
  std::uint32_t checksum;
  bool wide;  ///< whether it needs the 64-bit form

  void put_to(std::string& to, std::size_t extra) const {
    // Without the flag, readers assume code page 437.
    const bool plain =
        std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; });
    put(to, wide ? wide_version : plain_version);
    put(to, plain ? std::uint16_t{0} : utf8_flag);
    put(to, std::uint16_t{0});  // stored
    put(to, std::uint16_t{0});  // at midnight
    put(to, first_day);
    put(to, checksum);
    put_most<std::uint32_t>(to, size);
    put_most<std::uint32_t>(to, size);
    put(to, static_cast<std::uint16_t>(name.size()));
    put(to, static_cast<std::uint16_t>(extra));
  }
};

void ZipWriter::write(std::string_view bytes) {
  out_.write(bytes);
  offset_ += bytes.size();
}

void ZipWriter::add(std::string_view name, std::string_view head, std::string_view body) {
  const std::uint64_t start = offset_, size = head.size() + body.size();
  const bool large = size >= elsewhere<std::uint32_t>, far = start >= elsewhere<std::uint32_t>;
  const std::uint32_t checksum = crc32(crc32(0, head), body);

  const std::string sizes = large ? wide_numbers({size, size}) : "";
  std::string local(local_mark);
  Member{name, size, checksum, large}.put_to(local, sizes.size());
  write(local.append(name).append(sizes));
  write(head);
  write(body);

  const std::string place = large && far ? wide_numbers({size, size, start})
                            : far        ? wide_numbers({start})
                                         : sizes;
  directory_ += directory_mark;
  put(directory_, made_by);
  Member{name, size, checksum, large || far}.put_to(directory_, place.size());
  put(directory_, std::uint16_t{0});  // no comment
  put(directory_, std::uint16_t{0});  // on the first disk
  put(directory_, std::uint16_t{0});  // not marked as text
  put(directory_, file_attributes);
  put_most<std::uint32_t>(directory_, start);
  directory_.append(name).append(place);
  ++members_;
}

void ZipWriter::finish() {
  const std::uint64_t start = offset_, size = directory_.size();
  write(directory_);
  std::string end;
  if (members_ >= elsewhere<std::uint16_t> || size >= elsewhere<std::uint32_t> ||
      start >= elsewhere<std::uint32_t>) {
    end += wide_end_mark;
    put(end, std::uint64_t{44});  // bytes of this record after this number
    put(end, wide_version);       // version that made it
    put(end, wide_version);
    put(end, std::uint64_t{0});  // this disk and that of the directory: the first
    put(end, members_);
    put(end, members_);
    put(end, size);
    put(end, start);
    end += wide_end_place_mark;
    put(end, std::uint32_t{0});
    put(end, offset_);
    put(end, std::uint32_t{1});  // number of disks
  }
  end += end_mark;
  put(end, std::uint32_t{0});  // this disk and that of the directory: the first
  put_most<std::uint16_t>(end, members_);
  put_most<std::uint16_t>(end, members_);
  put_most<std::uint32_t>(end, size);
  put_most<std::uint32_t>(end, start);
  put(end, std::uint16_t{0});  // no comment
  write(end);
}

}  // namespace dagrad::detail
