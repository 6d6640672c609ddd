#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <streambuf>
#include <string>

namespace dagrad::detail {

/// A member of an archive as a stream of known length.
class MemberBuffer : public std::streambuf {
 public:
  /// What is wrong with the member, if anything. Reads to the end of its declared length, where the
  /// checksum is compared.
  std::optional<std::string> problem();

 protected:
  explicit MemberBuffer(std::uint64_t size) : size_(static_cast<std::int64_t>(size)) {}

  /// Reads up to `count` more bytes; returns 0 at the end or if reading fails.
  virtual std::int64_t read(char* to, std::int64_t count) = 0;
  /// The error so far, if any.
  virtual std::optional<std::string> failure() = 0;

  int_type underflow() override;
  /// Reads long pieces directly to their destination.
  std::streamsize xsgetn(char* to, std::streamsize count) override;
  // Support asking where the end is and returning from there, with nothing read in between.
  pos_type seekoff(off_type offset, std::ios_base::seekdir from, std::ios_base::openmode) override;
  pos_type seekpos(pos_type position, std::ios_base::openmode) override;

 private:
  std::int64_t here() const { return filled_ - (egptr() - gptr()); }

  std::int64_t size_, filled_ = 0;
  bool at_end_ = false;
  std::array<char, 1 << 16> buffer_;
};

}  // namespace dagrad::detail
