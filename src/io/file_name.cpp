#include "src/io/file_name.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "dagrad/error.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

std::string file_name(const std::filesystem::path& file, std::string_view function) {
  std::string name = in_quotes(file.native());
  if (file.native().find('\0') != std::string::npos)
    throw FileError(fmt::format("{}: {}: a path cannot contain a NUL byte", function, name));
  return name;
}

std::string cannot_be_opened(const std::filesystem::path& file, std::string_view reason) {
  std::string text = fmt::format("cannot be opened: {}", reason);
  std::error_code unknown;
  if (file.is_relative() && !std::filesystem::exists(file, unknown))
    text += fmt::format(" in {}", in_quotes(std::filesystem::current_path(unknown).native()));
  return text;
}

std::ifstream open_to_read(const std::filesystem::path& file, std::string_view function) {
  const std::string name = file_name(file, function);
  std::ifstream in(file, std::ios::binary);
  if (!in)
    throw FileError(
        fmt::format("{}: {}: {}", function, name, cannot_be_opened(file, std::strerror(errno))));
  return in;
}

}  // namespace dagrad::detail
