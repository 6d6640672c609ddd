#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "dagrad/error.hpp"
#include "dagrad/tensor.hpp"

namespace show {

/// Images in a row, with a name.
struct Images {
  std::string name;
  dagrad::Tensor images;  ///< of shape [n, height, width], from 0, white, to 1, black
};

/// Draws rows of equally many images of one size below each other with gnuplot, as an SVG file.
/// Throws FileError if gnuplot is missing or fails.
inline void draw_images(const std::filesystem::path& file, const std::vector<Images>& rows) {
  const dagrad::Shape shape = rows.at(0).images.shape();
  const std::int64_t count = shape[0], height = shape[1] + 1, width = shape[2] + 1;
  const auto lines = static_cast<std::int64_t>(rows.size());
  std::FILE* plot = popen("gnuplot", "w");
  if (!plot)
    throw dagrad::FileError("gnuplot cannot be started: install the Debian package gnuplot-nox");
  fmt::print(plot,
             "set terminal svg size {},{} font 'Helvetica,12'\nset output '{}'\n"
             "unset border\nunset colorbox\nunset key\nset tics scale 0\nunset xtics\n"
             "set lmargin 12\nset palette gray negative\nset cbrange [0:1]\n"
             "set xrange [-1:{}]\nset yrange [{}:-1]\nset ytics (",
             110 + 60 * count, 20 + 62 * lines, file.string(), count * width, lines * height);
  for (std::int64_t line = 0; line < lines; ++line)
    fmt::print(plot, "{}'{}' {}", line ? ", " : "", rows[static_cast<std::size_t>(line)].name,
               line * height + height / 2);
  fmt::print(plot, ")\n$pixels << EOD\n");
  for (std::int64_t line = 0; line < lines; ++line)
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t y = 0; y < shape[1]; ++y)
        for (std::int64_t x = 0; x < shape[2]; ++x)
          fmt::print(
              plot, "{} {} {:.3f}\n", i * width + x, line * height + y,
              rows[static_cast<std::size_t>(line)].images.at((i * shape[1] + y) * shape[2] + x));
  fmt::print(plot,
             "EOD\nplot $pixels using 1:2:3:(0.5):(0.5) with boxxyerror fs solid noborder "
             "lc palette\nset output\n");
  if (pclose(plot) != 0)
    throw dagrad::FileError("gnuplot failed to draw " + file.string() +
                            ": is the Debian package gnuplot-nox installed?");
}

}  // namespace show
