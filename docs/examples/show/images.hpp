#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "dagrad/error.hpp"
#include "dagrad/tensor.hpp"

namespace show {

/// Images in a row, with a name.
struct Images {
  std::string name;
  dagrad::Tensor pixels;  ///< of shape [n, height, width], from 0, white, to 1, black
};

/// Draws rows of images below each other as an SVG file. Throws FileError if it cannot be written.
inline void draw_images(const std::filesystem::path& file, const std::vector<Images>& rows) {
  constexpr std::int64_t side = 6, gap = 12, names = 70;  // in points
  std::int64_t right = 0, top = gap;
  std::string body;
  for (const auto& [name, images] : rows) {
    const std::int64_t count = images.shape()[0], height = images.shape()[1],
                       width = images.shape()[2];
    body += fmt::format("<text x='{}' y='{}' text-anchor='end'>{}</text>\n", names - gap,
                        top + height * side / 2 + 4, name);
    for (std::int64_t i = 0; i < images.size(); ++i) {
      const std::int64_t image = i / (height * width), y = i / width % height, x = i % width;
      const long grey = std::lround(255 - 255 * std::clamp(images.at(i), 0.0, 1.0));
      body += fmt::format("<rect x='{}' y='{}' width='{}' height='{}' fill='#{:06x}'/>\n",
                          names + image * (width * side + gap) + x * side, top + y * side, side,
                          side, grey * 0x10101);
    }
    right = std::max(right, names + count * (width * side + gap));
    top += height * side + gap;
  }
  std::ofstream out(file);
  out << fmt::format(
             "<svg xmlns='http://www.w3.org/2000/svg' width='{}' height='{}' "
             "shape-rendering='crispEdges' font-family='Helvetica,sans-serif' font-size='13'>\n"
             "<rect width='100%' height='100%' fill='#e8eef5'/>\n",
             right, top)
      << body << "</svg>\n";
  if (!out.flush()) throw dagrad::FileError("cannot write " + file.string());
}

}  // namespace show
