#pragma once

#include <cstddef>

namespace dagrad::detail {

/// Bytes of the arenas in which what a `Tiled` has prepared computes its tiles.
std::size_t bytes_of_tiles(const void* prepared);

}  // namespace dagrad::detail
