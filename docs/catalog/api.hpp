#pragma once

#include <filesystem>
#include <string>

namespace dagrad::catalog {

/// The page docs/api.md: what the headers that every program needs declare, without bodies, private
/// members and details.
std::string api_page(const std::filesystem::path& include);

}  // namespace dagrad::catalog
