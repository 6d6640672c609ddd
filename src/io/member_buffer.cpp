#include "src/io/member_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace dagrad::detail {

std::optional<std::string> MemberBuffer::problem() {
  while (filled_ <= size_ && underflow() != traits_type::eof()) continue;
  return failure();
}

MemberBuffer::int_type MemberBuffer::underflow() {
  const std::int64_t got = read(buffer_.data(), static_cast<std::int64_t>(buffer_.size()));
  if (got <= 0) return traits_type::eof();
  filled_ += got;
  setg(buffer_.data(), buffer_.data(), buffer_.data() + got);
  return traits_type::to_int_type(*gptr());
}

std::streamsize MemberBuffer::xsgetn(char* to, std::streamsize count) {
  std::streamsize done = std::min<std::streamsize>(count, egptr() - gptr());
  if (done > 0) std::memcpy(to, gptr(), static_cast<std::size_t>(done));
  gbump(static_cast<int>(done));
  while (count - done >= static_cast<std::streamsize>(buffer_.size())) {
    const std::int64_t got = read(to + done, count - done);
    if (got <= 0) return done;
    filled_ += got;
    done += got;
  }
  return done + std::streambuf::xsgetn(to + done, count - done);
}

MemberBuffer::pos_type MemberBuffer::seekoff(off_type offset, std::ios_base::seekdir from,
                                             std::ios_base::openmode) {
  if (offset != 0 || from == std::ios_base::beg) return pos_type(-1);
  at_end_ = at_end_ || from == std::ios_base::end;
  return at_end_ ? size_ : here();
}
MemberBuffer::pos_type MemberBuffer::seekpos(pos_type position, std::ios_base::openmode) {
  if (position != pos_type(here())) return pos_type(-1);
  at_end_ = false;
  return position;
}

}  // namespace dagrad::detail
