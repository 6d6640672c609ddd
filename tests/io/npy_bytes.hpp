#pragma once

#include <sstream>
#include <streambuf>
#include <string>
#include <utility>

#include "dagrad/npy.hpp"

namespace dagrad::test {

inline Tensor read(const std::string& bytes, const NpyOptions& options = {}) {
  std::istringstream in(bytes);
  return read_npy(in, "stream", options);
}

/// A version 1 file with this header.
inline std::string with_header(const std::string& header, const std::string& data = "") {
  std::string bytes("\x93NUMPY\1\0", 8);
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  return bytes + header + data;
}

/// A stream of unknown length.
struct Pipe : std::streambuf {
  explicit Pipe(std::string content) : bytes(std::move(content)) {
    setg(bytes.data(), bytes.data(), bytes.data() + bytes.size());
  }
  std::string bytes;
};

}  // namespace dagrad::test
