#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace dagrad::detail {

/// A path as errors show it, in quotes. Throws FileError, beginning with the name of the function
/// that was called, where the path holds a NUL byte: the system would take it for the path's end.
std::string file_name(const std::filesystem::path& file, std::string_view function);

}  // namespace dagrad::detail
