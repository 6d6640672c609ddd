#include <fmt/format.h>

#include <algorithm>

#include "dagrad/figures.hpp"
#include "src/inspect/svg.hpp"
#include "src/io/file_replacement.hpp"
#include "src/io/units.hpp"

namespace dagrad {

namespace {

class TimelineFigure {
 public:
  TimelineFigure(const Profile& profile, const FigureOptions& options, std::string_view called)
      : profile_(profile), figure_(options, called) {
    for (const ProfileEvent& event : profile.events) {
      end_ = std::max(end_, event.start + event.seconds);
      threads_ = std::max(threads_, event.worker + 1);
    }
  }

  std::string write() && {
    constexpr int most_ticks = 8;
    for (const double second : detail::round_steps(end_, most_ticks))
      if (end_ > 0) figure_.tick_below(second / end_, detail::with_unit(second, "s"));
    for (int thread = 0; thread < threads_; ++thread)
      figure_.text(figure_.frame().x - 5,
                   top(thread) + row() / 2 + 0.35 * figure_.theme().small_size,
                   thread == 0 ? "caller" : fmt::format("helper {}", thread),
                   detail::SvgFigure::Anchor::end);
    for (const ProfileEvent& event : profile_.events) add(event);
    figure_.legend(figure_.theme().forward, "forward");
    figure_.legend(figure_.theme().gradient, "gradient");
    return std::move(figure_).write();
  }

 private:
  double row() const { return figure_.frame().height / threads_; }
  double top(int thread) const { return figure_.frame().y + thread * row(); }

  void add(const ProfileEvent& event) {
    const ProfileRow& node = profile_.nodes[event.node];
    constexpr double gap = 0.1;  // between rows, as a part of their height
    const detail::Box& frame = figure_.frame();
    const double scale = frame.width / end_;
    const bool gradient = node.gradient > 0.5;
    figure_.box(
        {frame.x + event.start * scale, top(event.worker) + gap * row(), event.seconds * scale,
         (1 - 2 * gap) * row()},
        gradient ? figure_.theme().gradient : figure_.theme().forward, node.name,
        fmt::format("{} = {}\nat {} for {}", node.name, node.op,
                    detail::with_unit(event.start, "s"), detail::with_unit(event.seconds, "s")));
  }

  const Profile& profile_;
  detail::SvgFigure figure_;
  double end_ = 0;  ///< of the last event, in seconds
  int threads_ = 1;
};

}  // namespace

std::string to_timeline_svg(const Profile& profile, const FigureOptions& options) {
  return TimelineFigure(profile, options, "to_timeline_svg").write();
}

void write_timeline_svg(const std::filesystem::path& file, const Profile& profile,
                        const FigureOptions& options) {
  constexpr const char* called = "write_timeline_svg";
  detail::write_file(file, called, {TimelineFigure(profile, options, called).write()});
}

}  // namespace dagrad
