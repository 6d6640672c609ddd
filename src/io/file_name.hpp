#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace dagrad::detail {

/// A path in quotes, for errors. Throws FileError, beginning with the name of the called function,
/// if the path contains a NUL byte, which the system would take for its end.
std::string file_name(const std::filesystem::path& file, std::string_view function);

/// Why a file cannot be opened, for errors. If it does not exist and its path is relative, the text
/// includes the directory in which it was looked for.
std::string cannot_be_opened(const std::filesystem::path& file, std::string_view reason);

/// Opens a file for reading bytes. Throws FileError, beginning with the name of the called
/// function.
std::ifstream open_to_read(const std::filesystem::path& file, std::string_view function);

}  // namespace dagrad::detail
