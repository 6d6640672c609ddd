#include "docs/catalog/plots.hpp"

#include <cmath>
#include <cstdio>

#include "dagrad/dagrad.hpp"

namespace dagrad::catalog {

namespace {

constexpr std::int64_t steps = 200;
constexpr double reach = 4;  // of both axes
constexpr const char* head = R"(# Functions and their derivatives, drawn by gnuplot.
set terminal svg size 360,240 font 'Helvetica,11'
set grid lc '#dddddd'
set border 3
set tics nomirror
set xrange [-4:4]
set yrange [-4:4]
set key bottom right
)";

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", x == 0 ? 0 : x);
  return text;
}

/// The points of a curve, with gaps where it leaves the picture or jumps across it.
class Points {
 public:
  explicit Points(const Tensor& y) : y_(y) {}
  bool seen(std::int64_t i) const {
    const double at = y_.at(i);
    return std::isfinite(at) && std::abs(at) <= 2 * reach &&
           (i == 0 || !(std::abs(at - y_.at(i - 1)) > reach));
  }
  std::string text(std::int64_t i) const { return seen(i) ? number(y_.at(i)) : "NaN"; }

 private:
  const Tensor& y_;
};

std::string plot(const Op& op, const std::string& folder) {
  Graph graph;
  std::vector<double> points;
  for (std::int64_t i = 0; i <= steps; ++i)
    points.push_back(reach * static_cast<double>(2 * i - steps) / static_cast<double>(steps));
  const Value x = graph.constant(Tensor({steps + 1}, points));
  const Operand operands[] = {x};
  const Value y = apply(op, operands)[0];
  const Value slope = gradient(sum(y), {x}, {.unconnected = Unconnected::zeros})[0];
  const std::vector<Tensor> drawn = evaluate(std::vector{y, slope});
  const Points value(drawn[0]), derivative(drawn[1]);
  const std::string name(op.name());
  std::string text = "\nset output '" + folder + "/" + name + ".svg'\n$" + name + " << END\n";
  for (std::int64_t i = 0; i <= steps; ++i)
    text += number(points[static_cast<std::size_t>(i)]) + " " + value.text(i) + " " +
            derivative.text(i) + "\n";
  text += "END\nplot $" + name + " using 1:2 with lines lw 2 lc '#3f74b0' title '" + name +
          "' noenhanced, \\\n  '' using 1:3 with lines lw 2 lc '#d07a1f' title 'derivative'\n";
  return text;
}

}  // namespace

bool has_plot(const Op& op) {
  const OpTraits& traits = op.traits();
  if (!traits.elementwise || traits.type_only != 0) return false;
  const Type in[] = {{f64, {2}}};
  std::vector<Type> out;
  try {
    op->infer(in, out);
  } catch (const Error&) {
    return false;
  }
  return out.size() == 1 && out[0] == in[0] && op->program(in)->steps.size() > 1;
}

std::string plots(const std::vector<Op>& ops, const std::string& folder) {
  std::string text;
  for (const Op& op : ops)
    if (has_plot(op)) text += plot(op, folder);
  return text.empty() ? text : head + text;
}

}  // namespace dagrad::catalog
