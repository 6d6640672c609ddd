#include "dagrad/npy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>

#include "dagrad/error.hpp"
#include "src/io/npy_header.hpp"
#include "src/tensor/storage.hpp"

namespace dagrad {

namespace {

constexpr std::string_view magic("\x93NUMPY", 6);
constexpr std::size_t max_header = 10000;  // NumPy's own limit
constexpr bool little = std::endian::native == std::endian::little;

struct Header {
  Type type;
  bool fortran = false;
  bool swapped = false;  ///< bytes of an element in the other order than this machine's
};

// Reads the Python dict of a header. Positions in errors are offsets in the file.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::size_t offset, const std::string& name)
      : text_(text), offset_(offset), name_(name) {}

  Header parse() {
    Header header;
    std::optional<Shape> shape;
    bool descr = false, order = false;
    expect('{');
    while (!accept('}')) {
      const std::size_t start = here();
      const std::string_view key = string();
      expect(':');
      if (key == "descr" && !descr) {
        parse_descr(header);
        descr = true;
      } else if (key == "fortran_order" && !order) {
        header.fortran = parse_bool();
        order = true;
      } else if (key == "shape" && !shape) {
        shape = parse_shape();
      } else {
        fail_at(start, fmt::format("one each of descr, fortran_order and shape, got '{}'", key));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!descr || !order || !shape) fail("all of descr, fortran_order and shape");
    if (peek() != '\0') fail("nothing behind the header's }");
    header.type.shape = *shape;
    return header;
  }

 private:
  [[noreturn]] void fail_at(std::size_t at, const std::string& wanted) {
    at_ = at;
    fail(wanted);
  }
  [[noreturn]] void fail(const std::string& wanted) const {
    throw FileError(
        fmt::format("read_npy: {}: byte {}: expected {}", name_, offset_ + at_, wanted));
  }

  std::size_t here() {
    peek();
    return at_;
  }
  char peek() {
    while (at_ < text_.size() && std::strchr(" \n\t\r", text_[at_]) != nullptr) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(fmt::format("'{}'", c));
  }

  std::string_view string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("a string in quotes");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a string that ends");
    const std::string_view result = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return result;
  }

  void parse_descr(Header& header) {
    static constexpr std::array<std::pair<std::string_view, DType>, 5> kinds{
        {{"b1", b8}, {"i4", i32}, {"i8", i64}, {"f4", f32}, {"f8", f64}}};
    const std::size_t start = here();
    const std::string_view descr = string();
    if (descr.size() == 3) {
      const char order = descr[0];
      for (const auto& [kind, dtype] : kinds) {
        if (kind != descr.substr(1) || !(dtype == b8 || order != '|')) continue;
        if (std::strchr("<>=|", order) == nullptr) continue;
        header.type.dtype = dtype;
        header.swapped = order == (little ? '>' : '<');
        return;
      }
    }
    fail_at(
        start,
        fmt::format("elements of bool (b1), int32 (i4), int64 (i8), float32 (f4) or float64 (f8), "
                    "got '{}'",
                    descr));
  }

  bool parse_bool() {
    peek();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return value;
      }
    }
    fail("True or False");
  }

  Shape parse_shape() {
    std::vector<std::int64_t> dims;
    const std::size_t start = here();
    expect('(');
    while (!accept(')')) {
      peek();
      std::int64_t dim = 0;
      const auto [end, error] =
          std::from_chars(text_.data() + at_, text_.data() + text_.size(), dim);
      if (error != std::errc()) fail("a dimension of at most 2^48");
      dims.push_back(dim);
      at_ = static_cast<std::size_t>(end - text_.data());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    try {
      return Shape(dims);
    } catch (const ShapeError& error) {
      fail_at(start, fmt::format("a shape that can be held: {}", error.what()));
    }
  }

  std::string_view text_;
  std::size_t offset_, at_ = 0;
  const std::string& name_;
};

std::string read_bytes(std::istream& in, std::size_t offset, std::size_t count, const char* what,
                       const std::string& name) {
  std::string bytes(count, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(count));
  const auto got = static_cast<std::size_t>(in.gcount());
  if (got != count) {
    throw FileError(
        fmt::format("read_npy: {}: byte {}: expected {} of {} bytes, the file ends after {}", name,
                    offset, what, count, got));
  }
  return bytes;
}

std::size_t little_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    value = value << 8 | static_cast<unsigned char>(*byte);
  }
  return value;
}

// The header, and the offset behind it.
std::pair<Header, std::size_t> read_header(std::istream& in, const std::string& name) {
  const std::string start = read_bytes(in, 0, 8, "magic and version", name);
  if (!std::string_view(start).starts_with(magic)) {
    throw FileError(
        fmt::format("read_npy: {}: byte 0: expected the magic of .npy, \\x93NUMPY", name));
  }
  const int major = static_cast<unsigned char>(start[6]),
            minor = static_cast<unsigned char>(start[7]);
  if (major < 1 || major > 3 || minor != 0) {
    throw FileError(fmt::format("read_npy: {}: byte 6: expected version 1.0, 2.0 or 3.0, got {}.{}",
                                name, major, minor));
  }
  const std::size_t width = major == 1 ? 2 : 4, offset = 8 + width;
  const std::size_t size = little_endian(read_bytes(in, 8, width, "the header's size", name));
  if (size > max_header) {
    throw FileError(
        fmt::format("read_npy: {}: byte 8: expected a header of at most {} bytes, got {}", name,
                    max_header, size));
  }
  const std::string text = read_bytes(in, offset, size, "a header", name);
  return {HeaderParser(text, offset, name).parse(), offset + size};
}

// Refuses what the rest of the stream cannot hold before memory is asked for, where that can be
// told.
void require_rest(std::istream& in, std::size_t offset, const Type& type, const std::string& name) {
  const auto here = in.tellg();
  if (here < 0 || !in.seekg(0, std::ios::end)) {
    in.clear();
    return;
  }
  const auto rest = static_cast<std::uint64_t>(in.tellg() - here);
  in.seekg(here);
  if (rest < type.bytes()) {
    throw FileError(
        fmt::format("read_npy: {}: byte {}: expected {} bytes of {}, the file ends after {}", name,
                    offset, type.bytes(), to_string(type), rest));
  }
}

void swap_bytes(std::byte* data, const Type& type) {
  const std::size_t size = size_of(type.dtype);
  for (std::byte* end = data + type.bytes(); data != end; data += size) {
    std::reverse(data, data + size);
  }
}

// From the first axis fastest to the last axis fastest.
Tensor from_fortran(const Tensor& file) {
  Tensor result = detail::uninitialized(file.type());
  const Shape& shape = file.shape();
  const std::size_t size = size_of(file.dtype());
  const auto* from = static_cast<const std::byte*>(file.data());
  auto* to = static_cast<std::byte*>(result.mutable_view().data);
  std::array<std::int64_t, max_rank> index{};
  for (std::int64_t n = file.size(); n > 0; --n, from += size) {
    std::int64_t position = 0;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      position = position * shape[axis] + index[static_cast<std::size_t>(axis)];
    }
    std::memcpy(to + static_cast<std::size_t>(position) * size, from, size);
    for (int axis = 0; axis < shape.rank(); ++axis) {
      if (++index[static_cast<std::size_t>(axis)] < shape[axis]) break;
      index[static_cast<std::size_t>(axis)] = 0;
    }
  }
  return result;
}

// NumPy leaves room in the header for the first dimension to grow in place.
std::string header_text(const Type& type) {
  static constexpr std::array<std::string_view, 5> kinds{"b1", "i4", "i8", "f4", "f8"};
  constexpr std::size_t growth = 21, block = 64, before = 10;
  std::string dims;
  for (const std::int64_t dim : type.shape)
    dims += fmt::format("{}{}", dims.empty() ? "" : ", ", dim);
  if (type.shape.rank() == 1) dims += ',';
  std::string text = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}",
                                 type.dtype == b8 ? '|'
                                 : little         ? '<'
                                                  : '>',
                                 kinds[static_cast<std::size_t>(type.dtype)], dims);
  if (type.shape.rank() > 0) text.append(growth - fmt::to_string(type.shape[0]).size(), ' ');
  text.append(block - (before + text.size() + 1) % block, ' ');
  return text + '\n';
}

std::string quoted(const std::filesystem::path& file) { return fmt::format("'{}'", file.string()); }

}  // namespace

std::string detail::npy_header(const Type& type) {
  const std::string text = header_text(type);
  std::string header(magic);
  for (const std::size_t byte :
       {std::size_t{1}, std::size_t{0}, text.size() & 0xFF, text.size() >> 8})
    header += static_cast<char>(byte);
  return header + text;
}

Tensor read_npy(std::istream& in, const std::string& name) {
  const auto [header, offset] = read_header(in, name);
  const Type& type = header.type;
  require_rest(in, offset, type, name);
  Tensor tensor = detail::uninitialized(type);
  auto* data = static_cast<std::byte*>(tensor.mutable_view().data);
  in.read(reinterpret_cast<char*>(data), static_cast<std::streamsize>(type.bytes()));
  if (static_cast<std::size_t>(in.gcount()) != type.bytes()) {
    throw FileError(
        fmt::format("read_npy: {}: byte {}: expected {} bytes of {}, the file ends after {}", name,
                    offset, type.bytes(), to_string(type), in.gcount()));
  }
  if (header.swapped) swap_bytes(data, type);
  if (type.dtype == b8) {  // a bool of C++ is 0 or 1
    std::transform(data, data + type.bytes(), data,
                   [](std::byte b) { return b == std::byte{0} ? b : std::byte{1}; });
  }
  return header.fortran && type.shape.rank() > 1 ? from_fortran(tensor) : tensor;
}

Tensor read_npy(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    throw FileError(
        fmt::format("read_npy: {}: cannot be opened: {}", quoted(file), std::strerror(errno)));
  }
  return read_npy(in, quoted(file));
}

void write_npy(std::ostream& out, const Tensor& tensor) {
  out << detail::npy_header(tensor.type());
  out.write(static_cast<const char*>(tensor.data()),
            static_cast<std::streamsize>(tensor.type().bytes()));
  if (!out.flush()) {
    throw FileError(fmt::format("write_npy: {} could not be written", to_string(tensor.type())));
  }
}

void write_npy(const std::filesystem::path& file, const Tensor& tensor) {
  std::ofstream out(file, std::ios::binary);
  if (!out) {
    throw FileError(
        fmt::format("write_npy: {}: cannot be opened: {}", quoted(file), std::strerror(errno)));
  }
  try {
    write_npy(out, tensor);
  } catch (const FileError& error) {
    throw FileError(fmt::format("{} to {}: {}", error.what(), quoted(file), std::strerror(errno)));
  }
}

}  // namespace dagrad
