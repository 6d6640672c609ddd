#include <fmt/format.h>

#include <algorithm>

#include "dagrad/figures.hpp"
#include "src/inspect/svg.hpp"
#include "src/io/file_replacement.hpp"
#include "src/io/units.hpp"

namespace dagrad {

namespace {

class MemoryFigure {
 public:
  MemoryFigure(const PlanExplanation& plan, const FigureOptions& options, std::string_view called)
      : plan_(plan), figure_(options, called) {
    for (const PlannedValue& value : plan.values) top_ = std::max(top_, value.begin + value.bytes);
  }

  std::string write() && {
    add_ticks();
    std::vector<const PlannedValue*> values;
    for (const PlannedValue& value : plan_.values)
      if (value.bytes > 0) values.push_back(&value);
    std::stable_sort(values.begin(), values.end(),
                     [](const auto* a, const auto* b) { return a->first < b->first; });
    for (const PlannedValue* value : values) add(*value);
    add_needed();
    figure_.legend(figure_.theme().forward, "value");
    figure_.legend(figure_.theme().constant, "scratch memory");
    figure_.legend_line(figure_.theme().gradient.line, "bytes needed at once");
    return std::move(figure_).write();
  }

 private:
  double steps() const { return static_cast<double>(std::max<std::size_t>(plan_.steps.size(), 1)); }
  double bytes() const { return static_cast<double>(std::max<std::size_t>(top_, 1)); }
  double x(double step) const { return figure_.frame().x + step / steps() * figure_.frame().width; }
  double y(double byte) const {
    return figure_.frame().y + (1 - byte / bytes()) * figure_.frame().height;
  }

  void add_ticks() {
    constexpr int across = 10, up = 5;
    for (const double step : detail::round_steps(steps(), across))
      if (step == static_cast<double>(static_cast<std::size_t>(step)))
        figure_.tick_below(step / steps(), fmt::format("{}", step));
    for (const double byte : detail::round_steps(bytes(), up))
      figure_.tick_left(byte / bytes(), detail::with_unit(byte, "B"));
    const detail::Box& frame = figure_.frame();
    figure_.text(frame.x + frame.width / 2,
                 frame.y + frame.height + 2.6 * figure_.theme().small_size, "step",
                 detail::SvgFigure::Anchor::middle);
  }

  void add(const PlannedValue& value) {
    const auto first = static_cast<double>(value.first), last = static_cast<double>(value.last);
    const auto begin = static_cast<double>(value.begin), size = static_cast<double>(value.bytes);
    // The step that writes its result over the value takes over its memory.
    const bool taken_over = plan_.steps[value.last].overwrites == value.name && last > first;
    const detail::Box box{x(first), y(begin + size), x(taken_over ? last : last + 1) - x(first),
                          y(begin) - y(begin + size)};
    const PlannedStep& step = plan_.steps[value.first];
    const bool scratch = value.name != step.name && !value.name.starts_with(step.name + ":");
    figure_.box(box, scratch ? figure_.theme().constant : figure_.theme().forward, value.name,
                fmt::format("{}: {}, {}\nsteps {} to {}, bytes {} to {}", value.name,
                            to_string(value.type), detail::with_unit(size, "B"), value.first,
                            value.last, value.begin, value.begin + value.bytes));
  }

  /// The bytes that are needed at each step, counting those that a result takes over only once.
  void add_needed() {
    std::vector<double> needed(plan_.steps.size() + 1);
    for (const PlannedValue& value : plan_.values) {
      needed[value.first] += static_cast<double>(value.bytes);
      needed[value.last + 1] -= static_cast<double>(value.bytes);
      const PlannedStep& step = plan_.steps[value.first];
      if (!step.overwrites.empty() && value.name == step.name) {
        needed[value.first] -= static_cast<double>(value.bytes);
        needed[value.first + 1] += static_cast<double>(value.bytes);
      }
    }
    std::vector<std::pair<double, double>> points;
    double now = 0;
    for (std::size_t step = 0; step < plan_.steps.size(); ++step) {
      now += needed[step];
      points.emplace_back(x(static_cast<double>(step)), y(now));
      points.emplace_back(x(static_cast<double>(step + 1)), y(now));
    }
    if (!points.empty())
      figure_.line(points, figure_.theme().gradient.line, "stroke-width=\"1.2\"");
  }

  const PlanExplanation& plan_;
  detail::SvgFigure figure_;
  std::size_t top_ = 0;  ///< the first byte above all values
};

}  // namespace

std::string to_memory_svg(const PlanExplanation& plan, const FigureOptions& options) {
  return MemoryFigure(plan, options, "to_memory_svg").write();
}

void write_memory_svg(const std::filesystem::path& file, const PlanExplanation& plan,
                      const FigureOptions& options) {
  constexpr const char* called = "write_memory_svg";
  detail::write_file(file, called, {MemoryFigure(plan, options, called).write()});
}

}  // namespace dagrad
