#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "dagrad/error.hpp"

namespace show {

/// One line of a diagram.
struct Curve {
  std::string name;
  std::vector<double> y;  ///< at x = 1, 2, …
};

/// Draws the curves in one diagram with gnuplot, as `file`.png and `file`.svg. Throws FileError if
/// gnuplot is missing or fails.
inline void draw_curves(const std::filesystem::path& file, const std::string& title,
                        const std::string& x, const std::string& y,
                        const std::vector<Curve>& curves) {
  std::FILE* plot = popen("gnuplot", "w");
  if (!plot)
    throw dagrad::FileError("gnuplot cannot be started: install the Debian package gnuplot-nox");
  const char* const colours[] = {"#3f74b0", "#d07a1f", "#3d8b40", "#7e57b0"};
  for (const char* const format : {"png", "svg"}) {
    fmt::print(plot, "set terminal {} size 800,480 font 'Helvetica,{}'\nset output '{}.{}'\n",
               format == std::string("png") ? "pngcairo" : "svg", 12, file.string(), format);
    fmt::print(plot,
               "set title '{}'\nset xlabel '{}'\nset ylabel '{}'\nset grid lc '#dddddd'\nset "
               "border 3\nset tics nomirror\nset yrange [0:]\n",
               title, x, y);
    fmt::print(plot, "plot ");
    for (std::size_t i = 0; i < curves.size(); ++i)
      fmt::print(plot, "{}'-' using 1:2 with lines lw 2 lc '{}' {}", i ? ", " : "", colours[i % 4],
                 curves.size() > 1 ? "title '" + curves[i].name + "'" : "notitle");
    fmt::print(plot, "\n");
    for (const Curve& curve : curves) {
      for (std::size_t i = 0; i < curve.y.size(); ++i)
        fmt::print(plot, "{} {}\n", i + 1, curve.y[i]);
      fmt::print(plot, "e\n");
    }
    fmt::print(plot, "set output\n");
  }
  if (pclose(plot) != 0)
    throw dagrad::FileError("gnuplot failed to draw " + file.string() +
                            ": is the Debian package gnuplot-nox installed?");
}

}  // namespace show
