#pragma once

#include <filesystem>
#include <string_view>

namespace dagrad::detail {

/// Writes the text to a file. Throws FileError beginning with the name of the function that the
/// user called.
void write_text(const std::filesystem::path& file, std::string_view text, std::string_view called);

}  // namespace dagrad::detail
