#include "dagrad/train/idx.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <istream>
#include <optional>
#include <vector>

#include "src/io/file_name.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad {

namespace {

/// Reads an IDX stream from the front to the back.
class IdxReader {
 public:
  IdxReader(std::istream& in, const std::string& name) : in_(in), name_(name) {}

  Tensor read() {
    const Type type = read_header();
    const auto wanted = static_cast<std::size_t>(type.bytes());
    // Grows with what is there, so that a wrong size cannot make it allocate too much.
    std::vector<char> bytes;
    constexpr std::size_t block = std::size_t{1} << 24;
    while (bytes.size() < wanted) {
      const std::size_t done = bytes.size(), size = std::min(block, wanted - done);
      bytes.resize(done + size);
      if (const std::size_t got = take({bytes.data() + done, size}); got < size)
        fail(fmt::format("expected {} bytes of {}, but the file ends after {}", wanted,
                         to_string(type), done + got));
    }
    at_ += wanted;
    if (in_.peek() != std::istream::traits_type::eof())
      fail(fmt::format("expected the end of the file after {}, but there are more bytes",
                       to_string(type)));
    return elements(type, bytes);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw FileError(fmt::format("read_idx: {}: byte {}: {}", name_, at_, what));
  }

  /// Reads bytes and returns how many there were.
  std::size_t take(std::span<char> to) {
    errno = 0;
    in_.read(to.data(), static_cast<std::streamsize>(to.size()));
    if (in_.bad())
      fail(fmt::format("the file cannot be read: {}",
                       errno != 0 ? std::strerror(errno) : "the stream is in an error state"));
    return static_cast<std::size_t>(in_.gcount());
  }

  Type read_header() {
    std::array<char, 4> magic;
    const std::size_t got = take(magic);
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(magic[i]); };
    if (got >= 2 && byte(0) == 0x1f && byte(1) == 0x8b)
      fail("the file is compressed by gzip: unpack it first, with gunzip");
    const std::optional<DType> dtype = got == 4 ? dtype_of_code(byte(2)) : std::nullopt;
    if (!dtype || byte(0) != 0 || byte(1) != 0)
      fail(
          fmt::format("this is not an IDX file: expected two zeros, the code of a type and the "
                      "number of axes, got {}",
                      got == 0 ? "an empty file" : "0x" + hexadecimal({magic.data(), got})));
    if (byte(3) > max_rank)
      fail(fmt::format("the tensor has {} axes; at most {} are possible", byte(3), max_rank));
    at_ = 4;
    return {*dtype, read_shape(byte(3))};
  }

  Shape read_shape(std::size_t rank) {
    std::vector<std::int64_t> sizes;
    for (std::size_t axis = 0; axis < rank; ++axis, at_ += 4) {
      std::array<char, 4> bytes;
      if (take(bytes) < 4)
        fail(fmt::format("expected the sizes of {} axes, but the file ends", rank));
      std::int64_t size = 0;
      for (const char byte : bytes) size = size << 8 | static_cast<unsigned char>(byte);
      sizes.push_back(size);
    }
    try {
      return Shape(sizes);
    } catch (const ShapeError& error) {
      fail(error.what());
    }
  }

  static std::optional<DType> dtype_of_code(unsigned code) {
    switch (code) {
      case 0x08:
        return u8;
      case 0x09:
        return i8;
      case 0x0b:
        return i16;
      case 0x0c:
        return i32;
      case 0x0d:
        return f32;
      case 0x0e:
        return f64;
      default:
        return std::nullopt;
    }
  }

  static std::string hexadecimal(std::span<const char> bytes) {
    std::string text;
    for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return text;
  }

  static Tensor elements(const Type& type, const std::vector<char>& bytes) {
    Tensor tensor(type);
    auto* to = static_cast<char*>(tensor.mutable_view().data);
    const auto size = static_cast<std::ptrdiff_t>(size_of(type.dtype));
    for (auto from = bytes.begin(); from != bytes.end(); from += size, to += size)
      std::reverse_copy(from, from + size, to);
    return tensor;
  }

  std::istream& in_;
  const std::string& name_;
  std::size_t at_ = 0;
};

}  // namespace

Tensor read_idx(std::istream& in, const std::string& name) { return IdxReader(in, name).read(); }

Tensor read_idx(const std::filesystem::path& file) {
  std::ifstream in = detail::open_to_read(file, "read_idx");
  return read_idx(in, detail::file_name(file, "read_idx"));
}

}  // namespace dagrad
