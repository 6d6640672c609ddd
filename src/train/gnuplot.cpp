#include "src/train/gnuplot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "dagrad/error.hpp"
#include "src/io/file_name.hpp"
#include "src/io/file_replacement.hpp"
#include "src/io/run_program.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

namespace {

std::string_view terminal(const PictureFile& picture) {
  const std::string ending = picture.file.extension().string();
  if (ending == ".svg") return "svg";
  if (ending == ".png") return "pngcairo";
  throw ArgumentError(fmt::format("{}: {}: the extension of a picture must be .svg or .png",
                                  picture.function, file_name(picture.file, picture.function)));
}

/// Whether the plot has a point to show; gnuplot takes none at all for an error.
bool shows_anything(const std::vector<Curve>& curves, const CurvesOptions& options) {
  const auto shown = [](double number, bool logarithmic) {
    return std::isfinite(number) && (!logarithmic || number > 0);
  };
  return std::any_of(curves.begin(), curves.end(), [&](const Curve& curve) {
    for (std::size_t i = 0; i < curve.x.size(); ++i)
      if (shown(curve.x[i], options.log_x) && shown(curve.y[i], options.log_y)) return true;
    return false;
  });
}

std::string plot_of(const std::vector<Curve>& curves) {
  static constexpr const char* colours[] = {"#3f74b0", "#d07a1f", "#3d8b40", "#7e57b0",
                                            "#b03f4a", "#2a9d9d", "#8a6d3b", "#555555"};
  std::string data, plot = "plot ";
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const Curve& curve = curves[i];
    data += fmt::format("$curve{} << EOD\n", i);
    for (std::size_t k = 0; k < curve.x.size(); ++k)
      data += fmt::format("{} {}\n", gnuplot_number(curve.x[k]), gnuplot_number(curve.y[k]));
    data += "EOD\n";
    // A lone point, which has no line, is drawn as a dot.
    plot += fmt::format("{}$curve{} using 1:2 with {} lc rgb '{}' {}", i == 0 ? "" : ", ", i,
                        curve.x.size() == 1 ? "points pt 7" : "lines lw 2",
                        colours[i % std::size(colours)],
                        curves.size() == 1 ? "notitle" : "title " + gnuplot_text(curve.name));
  }
  return data + plot + "\n";
}

}  // namespace

void draw_with_gnuplot(const PictureFile& picture, std::string_view commands) {
  const std::string_view type = terminal(picture);
  FileReplacement replacement(picture.file, picture.function);
  const TemporaryFile script(picture.function);
  std::ofstream out(script.path());
  out << fmt::format(
             "set encoding utf8\nset terminal {} noenhanced size {},{} font 'Helvetica,12'\n", type,
             picture.width, picture.height)
      << "set grid lc rgb '#dddddd'\nset border 3\nset tics nomirror\n"
         "set palette defined (0 '#ffffff', 0.5 '#7fa6d0', 1 '#1d3f66')\n"
      << commands;
  out.close();
  if (!out)
    throw FileError(fmt::format("{}: the temporary file {} cannot be written: is the disk full?",
                                picture.function, file_name(script.path(), picture.function)));
  const Finished plot = run_program({"gnuplot", script.path()}, picture.function, "gnuplot-nox");
  if (plot.status != 0)
    throw FileError(fmt::format("{}: gnuplot cannot draw {}: {}", picture.function,
                                file_name(picture.file, picture.function), plot.errors));
  replacement.write(plot.output);
  replacement.commit();
}

std::string gnuplot_text(std::string_view text) {
  std::string quoted = "'";
  for (const char c : printable_line(text)) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + "'";
}

std::string gnuplot_number(double number) {
  return std::isfinite(number) ? fmt::format("{}", number) : "NaN";
}

void draw_curves(const PictureFile& picture, const PlotLabels& labels,
                 const std::vector<Curve>& curves, const CurvesOptions& options) {
  std::string commands =
      fmt::format("set title {}\nset xlabel {}\nset ylabel {}\n", gnuplot_text(labels.title),
                  gnuplot_text(labels.x), gnuplot_text(labels.y));
  if (options.log_x) commands += "set logscale x\n";
  if (options.log_y) commands += "set logscale y\nset format y '%.0e'\n";
  if (options.from_zero && !options.log_y) commands += "set yrange [0:]\n";
  commands += options.commands;
  commands += shows_anything(curves, options)
                  ? plot_of(curves)
                  : "set xrange [1:2]\nset yrange [1:2]\nplot NaN notitle\n";
  draw_with_gnuplot(picture, commands);
}

}  // namespace dagrad::detail
