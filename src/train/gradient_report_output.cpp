#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "dagrad/csv.hpp"
#include "dagrad/train/gradient_report.hpp"
#include "src/train/gnuplot.hpp"

namespace dagrad {

namespace {

constexpr GradientStatistic all_statistics[] = {
    GradientStatistic::value,    GradientStatistic::gradient, GradientStatistic::update,
    GradientStatistic::ratio,    GradientStatistic::zeros,    GradientStatistic::dead,
    GradientStatistic::saturated};

bool is_share(GradientStatistic statistic) { return statistic >= GradientStatistic::zeros; }
bool is_of_layers(GradientStatistic statistic) { return statistic >= GradientStatistic::dead; }

/// "1.2e-03" or "83 %"; nothing where there is no number.
std::string shown(GradientStatistic statistic, double number) {
  if (std::isnan(number)) return statistic == GradientStatistic::gradient ? "nan" : "";
  return is_share(statistic) ? fmt::format("{:.0f} %", number * 100)
                             : fmt::format("{:.1e}", number);
}

template <class Series>
std::string line_of(const Series& of, const std::string& name, std::size_t width) {
  std::string line = fmt::format("{:{}}", name, width);
  for (const GradientStatistic statistic : all_statistics)
    if (std::is_same_v<Series, LayerSeries> || !is_of_layers(statistic))
      line += fmt::format("  {:>9}", shown(statistic, series(of, statistic).back()));
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

template <class Series>
void add_columns(CsvColumns& columns, const Series& of, const std::string& prefix) {
  for (const GradientStatistic statistic : all_statistics) {
    if (!std::is_same_v<Series, LayerSeries> && is_of_layers(statistic)) continue;
    const std::vector<double>& numbers = series(of, statistic);
    if (std::any_of(numbers.begin(), numbers.end(), [](double x) { return !std::isnan(x); }))
      columns.emplace_back(fmt::format("{}{} {}", prefix, of.name, to_string(statistic)),
                           Tensor({static_cast<std::int64_t>(numbers.size())}, numbers));
  }
}

/// What a map shows of a layer: logarithms of sizes and ratios, and shares as they are.
std::vector<double> colours_of(const LayerSeries& layer, GradientStatistic statistic) {
  std::vector<double> numbers =
      statistic == GradientStatistic::gradient ? layer.gradient_size() : series(layer, statistic);
  if (is_share(statistic)) return numbers;
  const bool is_norm =
      statistic == GradientStatistic::value || statistic == GradientStatistic::update;
  const double root = is_norm ? std::sqrt(static_cast<double>(layer.elements)) : 1;
  for (double& number : numbers) number = std::log10(number / root);
  return numbers;
}

/// Tics at up to `most` of the texts, which belong to the positions 0, 1, ….
std::string tics(char axis, const std::vector<std::string>& texts, std::size_t most) {
  const std::size_t stride = (texts.size() + most - 1) / most;
  std::string command = fmt::format("set {}tics (", axis);
  for (std::size_t i = 0; i < texts.size(); i += stride)
    command += fmt::format("{}{} {}", i == 0 ? "" : ", ", detail::gnuplot_text(texts[i]), i);
  return command + ")\n";
}

std::string title_of(GradientStatistic statistic) {
  switch (statistic) {
    case GradientStatistic::value:
    case GradientStatistic::gradient:
    case GradientStatistic::update:
      return fmt::format("log10 of the root mean square of the {}", to_string(statistic));
    case GradientStatistic::ratio:
      return "log10 of update / value";
    case GradientStatistic::zeros:
      return "share of zeros in the gradient";
    case GradientStatistic::dead:
      return "share of dead units";
    case GradientStatistic::saturated:
      break;
  }
  return "share of saturated elements";
}

/// A colour between red, for the largest gradient, and blue, for those 10⁶ times smaller.
std::string colour_of_gradient(double size, double largest) {
  if (!std::isfinite(size)) return "#e57373";
  const double decades = size > 0 ? std::log10(largest / size) : 6;
  const double cold = std::clamp(decades / 6, 0.0, 1.0);
  const auto mix = [&](int warm, int cool) {
    return static_cast<int>(std::lround(warm + cold * (cool - warm)));
  };
  return fmt::format("#{:02x}{:02x}{:02x}", mix(0xf6, 0xa9), mix(0xb8, 0xc8), mix(0xa4, 0xec));
}

/// A colour from white, for 0, to red, for 1.
std::string colour_of_share(double share) {
  const int rest = static_cast<int>(std::lround(255 - 110 * std::clamp(share, 0.0, 1.0)));
  return fmt::format("#ff{0:02x}{0:02x}", std::isnan(share) ? 255 : rest);
}

}  // namespace

std::string to_string(GradientStatistic statistic) {
  static constexpr const char* names[] = {"value", "gradient", "update",   "ratio",
                                          "zeros", "dead",     "saturated"};
  return names[static_cast<std::size_t>(statistic)];
}

const std::vector<double>& series(const GradientSeries& of, GradientStatistic statistic) {
  switch (statistic) {
    case GradientStatistic::value:
      return of.value;
    case GradientStatistic::gradient:
      return of.gradient;
    case GradientStatistic::update:
      return of.update;
    case GradientStatistic::ratio:
      return of.ratio;
    case GradientStatistic::zeros:
      return of.zeros;
    default:
      throw ArgumentError(
          fmt::format("series: '{}' is a statistic of layers, and '{}' is a single value",
                      to_string(statistic), of.name));
  }
}

const std::vector<double>& series(const LayerSeries& of, GradientStatistic statistic) {
  if (statistic == GradientStatistic::dead) return of.dead;
  if (statistic == GradientStatistic::saturated) return of.saturated;
  return series(static_cast<const GradientSeries&>(of), statistic);
}

std::string GradientReport::text(bool values) const {
  if (steps_.empty()) return "no step is recorded\n";
  std::size_t width = 0;
  for (const LayerSeries& layer : layers_) width = std::max(width, layer.name.size());
  if (values)
    for (const GradientSeries& value : values_) width = std::max(width, value.name.size() + 2);
  std::string text = fmt::format(
      "step {}, loss {:.4g}\n{:{}}", steps_.back(),
      std::isnan(losses_.back()) ? std::abs(losses_.back()) : losses_.back(), "", width);
  for (const GradientStatistic statistic : all_statistics)
    text += fmt::format("  {:>9}", to_string(statistic));
  text += "\n";
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    text += line_of(layers_[i], layers_[i].name, width);
    for (std::size_t k = 0; values && k < values_.size(); ++k)
      if (sources_[k].layer == i && values_[k].name != layers_[i].name)
        text += line_of(values_[k], "  " + values_[k].name, width);
  }
  return text;
}

void GradientReport::write_csv(const std::filesystem::path& file) const {
  const auto rows = static_cast<std::int64_t>(steps_.size());
  CsvColumns columns{{"step", Tensor({rows}, steps_)}, {"loss", Tensor({rows}, losses_)}};
  for (const GradientSeries& value : values_) add_columns(columns, value, "");
  for (const LayerSeries& layer : layers_) add_columns(columns, layer, "layer ");
  dagrad::write_csv(file, columns);
}

void GradientReport::draw(const std::filesystem::path& file, GradientStatistic statistic) const {
  if (steps_.empty()) throw ArgumentError("GradientReport::draw: no step is recorded");
  std::vector<std::string> steps, layers;
  for (const std::int64_t step : steps_) steps.push_back(fmt::format("{}", step));
  std::string data = "$map << EOD\n";
  for (const LayerSeries& layer : layers_) {
    layers.push_back(layer.name);
    for (const double colour : colours_of(layer, statistic))
      data += detail::gnuplot_number(colour) + " ";
    data += "\n";
  }
  data += "EOD\n";
  std::string commands = fmt::format(
      "set title {}\nset xlabel 'step'\nunset grid\nset tics out\nset object 1 rectangle from "
      "graph 0,0 to graph "
      "1,1 behind fillcolor rgb '#cccccc' fillstyle solid noborder\n",
      detail::gnuplot_text(title_of(statistic)));
  commands += is_share(statistic)
                  ? "set palette defined (0 '#f2efe6', 1 '#b03f2a')\nset cbrange [0:1]\n"
                  : "set palette defined (0 '#2b4c7e', 0.5 '#f2efe6', 1 '#b03f2a')\n";
  commands += tics('x', steps, 10) + tics('y', layers, 40);
  commands += fmt::format("set xrange [-0.5:{}.5]\nset yrange [{}.5:-0.5]\n", steps.size() - 1,
                          layers.size() - 1);
  // Viewers of SVG blur an image of few cells; rectangles for many would make the file too large.
  const bool pixels = file.extension() == ".svg" && steps.size() * layers.size() <= 20'000;
  const int height = std::clamp(160 + 18 * static_cast<int>(layers.size()), 240, 900);
  detail::draw_with_gnuplot(
      {file, "GradientReport::draw", 800, height},
      data + commands +
          fmt::format("plot $map matrix with image {} notitle\n", pixels ? "pixels" : ""));
}

std::map<std::string, PictureMark> GradientReport::marks() const {
  std::map<std::string, PictureMark> marks;
  if (steps_.empty()) return marks;
  double largest = 0;
  for (const LayerSeries& layer : layers_)
    if (const double size = layer.gradient_size().back(); std::isfinite(size))
      largest = std::max(largest, size);
  const auto mark = [&](const GradientSeries& of) {
    marks[of.name] = {colour_of_gradient(of.gradient_size().back(), largest),
                      fmt::format("gradient {:.1e}", of.gradient.back())};
  };
  for (const LayerSeries& layer : layers_) mark(layer);
  for (const GradientSeries& value : values_) mark(value);
  for (const ActivationSource& activation : activations_)
    marks[activation.node] = {
        colour_of_share(activation.share),
        fmt::format("{:.0f} % {}", activation.share * 100, activation.dies ? "dead" : "saturated")};
  return marks;
}

}  // namespace dagrad
