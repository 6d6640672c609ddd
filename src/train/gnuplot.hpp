#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// Pictures drawn by the program gnuplot.
namespace dagrad::detail {

/// Where a picture goes. The file's extension, .svg or .png, determines the format.
struct PictureFile {
  std::filesystem::path file;
  std::string_view function;  ///< the prefix of errors
  int width = 800, height = 480;
};

/// Draws what the commands of gnuplot say, beginning with defaults for the grid, the borders and
/// the palette. The file is replaced once the picture is complete. Throws ArgumentError for any
/// other extension; FileError if gnuplot is missing or refuses a command, or if the file cannot be
/// written.
void draw_with_gnuplot(const PictureFile& picture, std::string_view commands);

/// Text as a string of gnuplot, in quotes.
std::string gnuplot_text(std::string_view text);
/// A number as gnuplot reads it, in the data of a plot too: "NaN", which is left out of pictures,
/// for infinities as well.
std::string gnuplot_number(double number);

struct PlotLabels {
  std::string title, x, y;
};

/// One line of a diagram.
struct Curve {
  std::string name;
  std::vector<double> x, y;  ///< equally many; points that are not finite leave a gap
};

struct CurvesOptions {
  bool log_x = false, log_y = false;  ///< logarithmic axes, which leave out what is not positive
  bool from_zero = false;             ///< whether the y axis begins at 0
  std::string commands = {};          ///< of gnuplot, before the plot, such as marks or tics
};

/// Draws curves in one diagram, in up to eight colours, with a key if there are several. Throws as
/// `draw_with_gnuplot` does.
void draw_curves(const PictureFile& picture, const PlotLabels& labels,
                 const std::vector<Curve>& curves, const CurvesOptions& options = {});

}  // namespace dagrad::detail
