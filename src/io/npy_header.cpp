#include "src/io/npy_header.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <istream>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dagrad/error.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

namespace {

constexpr std::string_view magic("\x93NUMPY", 6);
constexpr std::size_t max_header = 10000;  // NumPy's own limit
constexpr bool little = std::endian::native == std::endian::little;

// Reads the Python dict of a header. Positions in errors are offsets in the file.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::size_t offset, const std::string& name,
               const NpyOptions& options)
      : text_(text), offset_(offset), name_(name), options_(options) {}

  NpyHeader parse() {
    NpyHeader header;
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
        fail_at(start, fmt::format("one each of descr, fortran_order and shape, got {}",
                                   detail::in_quotes(key)));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!descr || !order || !shape) fail("all of descr, fortran_order and shape");
    if (here() != text_.size()) fail("nothing after the header's }");
    header.size = offset_ + text_.size();
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
    const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
    while (at_ < text_.size() && blank(text_[at_])) ++at_;
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
    if (end == std::string_view::npos) fail("a closing quote");
    const std::string_view result = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return result;
  }

  void parse_descr(NpyHeader& header) {
    const std::size_t start = here();
    if (peek() == '[')
      fail_at(start, wanted_elements() + "a record of fields, " + detail::in_quotes(list()));
    const std::string_view descr = string();
    const NpyElement* const element = find_npy_element(descr);
    if (element == nullptr || !(element->dtype || options_.widen))
      fail_at(start, wanted_elements() + detail::in_quotes(descr) + remark(descr, element));
    header.type.dtype = options_.widen ? element->wide : *element->dtype;
    header.element = element;
    header.swapped = element->size > 1 && descr[0] == (little ? '>' : '<');
  }
  std::string wanted_elements() const {
    return fmt::format(
        "elements of {}, got ",
        options_.widen
            ? "bool (b1), an int (i1, u1, i2, u2, i4, u4, i8) or a float (f2, V2, f4, f8)"
            : "bool (b1), an int (i1, u1, i2, i4, i8) or a float (f2, V2, f4, f8)");
  }
  // A hint about elements that are not read.
  static std::string remark(std::string_view descr, const NpyElement* element) {
    if (element != nullptr)
      return fmt::format(" ({}), which the option `widen` reads as {}", element->name,
                         name(element->wide));
    const std::string_view meaning = meaning_of_descr(descr);
    return meaning.empty() ? "" : fmt::format(" ({})", meaning);
  }
  // The text of a list from bracket to bracket.
  std::string_view list() {
    const std::size_t start = here();
    int depth = 0;
    while (at_ < text_.size()) {
      depth += (text_[at_] == '[' ? 1 : 0) - (text_[at_] == ']' ? 1 : 0);
      ++at_;
      if (depth == 0) break;
    }
    return text_.substr(start, at_ - start);
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
      if (text_.substr(at_).starts_with('L')) ++at_;  // Python 2's long integers
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    try {
      return Shape(dims);
    } catch (const ShapeError& error) {
      fail_at(start, fmt::format("a valid shape: {}", error.what()));
    }
  }

  std::string_view text_;
  std::size_t offset_, at_ = 0;
  const std::string& name_;
  const NpyOptions& options_;
};

// As NumPy does, leaves room for the first dimension to grow in place.
std::string header_text(const Type& type) {
  constexpr std::size_t growth = 21, block = 64, before = 10;
  std::string dims;
  for (const std::int64_t dim : type.shape)
    dims += fmt::format("{}{}", dims.empty() ? "" : ", ", dim);
  if (type.shape.rank() == 1) dims += ',';
  std::string text = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}",
                                 size_of(type.dtype) == 1 ? '|'
                                 : little                 ? '<'
                                                          : '>',
                                 npy_code(type.dtype), dims);
  if (type.shape.rank() > 0) text.append(growth - fmt::to_string(type.shape[0]).size(), ' ');
  text.append(block - (before + text.size() + 1) % block, ' ');
  return text + '\n';
}

// Fills `to` with the next bytes of the file.
std::string_view read_bytes(std::istream& in, std::span<char> to, std::size_t offset,
                            const char* what, const std::string& name) {
  in.read(to.data(), static_cast<std::streamsize>(to.size()));
  const auto got = static_cast<std::size_t>(in.gcount());
  if (got != to.size()) {
    throw FileError(
        fmt::format("read_npy: {}: byte {}: expected {} of {} bytes, but the file ends after {}",
                    name, offset, what, to.size(), got));
  }
  return {to.data(), to.size()};
}

std::size_t little_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    value = value << 8 | static_cast<unsigned char>(*byte);
  }
  return value;
}

}  // namespace

NpyHeader read_npy_header(std::istream& in, const std::string& name, const NpyOptions& options) {
  std::array<char, max_header> buffer;
  const std::span<char> space(buffer);
  const std::string_view start = read_bytes(in, space.first(8), 0, "magic and version", name);
  if (!start.starts_with(magic)) {
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
  const std::size_t size =
      little_endian(read_bytes(in, space.first(width), 8, "the header's size", name));
  if (size > max_header) {
    throw FileError(
        fmt::format("read_npy: {}: byte 8: expected a header of at most {} bytes, got {}", name,
                    max_header, size));
  }
  const std::string_view text = read_bytes(in, space.first(size), offset, "a header", name);
  return HeaderParser(text, offset, name, options).parse();
}

std::string npy_header(const Type& type) {
  const std::string text = header_text(type);
  std::string header(magic);
  for (const std::size_t byte :
       {std::size_t{1}, std::size_t{0}, text.size() & 0xFF, text.size() >> 8})
    header += static_cast<char>(byte);
  return header + text;
}

}  // namespace dagrad::detail
