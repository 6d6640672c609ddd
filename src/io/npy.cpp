#include "dagrad/npy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>

#include "dagrad/error.hpp"
#include "src/io/file_name.hpp"
#include "src/io/file_replacement.hpp"
#include "src/io/npy_header.hpp"
#include "src/tensor/storage.hpp"

namespace dagrad {

namespace {

using detail::NpyHeader;

[[noreturn]] void fail_short(const NpyHeader& header, std::uint64_t rest, const std::string& name) {
  throw FileError(fmt::format(
      "read_npy: {}: byte {}: expected {} bytes of {}{}, but the file ends after {}", name,
      header.size, header.bytes(), header.element->name, to_string(header.type.shape), rest));
}

// Before memory is allocated, refuses sizes that exceed the rest of the stream, if the stream's
// length is known.
void require_rest(std::istream& in, const NpyHeader& header, const std::string& name) {
  const auto here = in.tellg();
  if (here < 0 || !in.seekg(0, std::ios::end)) {
    in.clear();
    return;
  }
  const auto rest = static_cast<std::uint64_t>(in.tellg() - here);
  in.seekg(here);
  if (rest < header.bytes()) fail_short(header, rest, name);
}

void swap_bytes(std::byte* data, std::size_t count, std::size_t size) {
  for (std::byte* const end = data + count * size; data != end; data += size)
    std::reverse(data, data + size);
}

// Reads elements in the file's element type, and converts them to this machine's byte order.
void read_narrow(std::istream& in, const NpyHeader& header, std::size_t done, std::size_t count,
                 std::byte* to, const std::string& name) {
  const std::size_t size = header.element->size;
  in.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(count * size));
  const auto got = static_cast<std::size_t>(in.gcount());
  if (got != count * size) fail_short(header, done * size + got, name);
  if (header.swapped) swap_bytes(to, count, size);
}

void read_elements(std::istream& in, const NpyHeader& header, std::byte* to,
                   const std::string& name) {
  const auto count = static_cast<std::size_t>(header.type.elements());
  if (header.type.dtype == header.element->dtype)
    return read_narrow(in, header, 0, count, to, name);
  constexpr std::size_t block = 1 << 13;
  std::array<std::byte, block * sizeof(std::uint32_t)> narrow;
  for (std::size_t done = 0; done < count; done += block) {
    const std::size_t n = std::min(block, count - done);
    read_narrow(in, header, done, n, narrow.data(), name);
    header.element->widen(narrow.data(), n, to + done * size_of(header.type.dtype));
  }
}

// Converts from Fortran order to C order.
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

}  // namespace

Tensor read_npy(std::istream& in, const std::string& name, const NpyOptions& options) {
  const NpyHeader header = detail::read_npy_header(in, name, options);
  const Type& type = header.type;
  require_rest(in, header, name);
  Tensor tensor = detail::uninitialized(type);
  auto* data = static_cast<std::byte*>(tensor.mutable_view().data);
  read_elements(in, header, data, name);
  if (type.dtype == b8) {  // a C++ bool must be 0 or 1
    std::transform(data, data + type.bytes(), data,
                   [](std::byte b) { return b == std::byte{0} ? b : std::byte{1}; });
  }
  return header.fortran && type.shape.rank() > 1 ? from_fortran(tensor) : tensor;
}

Tensor read_npy(const std::filesystem::path& file, const NpyOptions& options) {
  std::ifstream in = detail::open_to_read(file, "read_npy");
  return read_npy(in, detail::file_name(file, "read_npy"), options);
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
  const std::string_view data(static_cast<const char*>(tensor.data()), tensor.type().bytes());
  detail::write_file(file, "write_npy", {detail::npy_header(tensor.type()), data});
}

}  // namespace dagrad
