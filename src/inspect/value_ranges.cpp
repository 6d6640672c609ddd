#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "dagrad/overlays.hpp"
#include "src/graph/data.hpp"
#include "src/graph/told_at.hpp"

namespace dagrad {

namespace {

class RangeRecorder {
 public:
  explicit RangeRecorder(const detail::GraphView& graph) : view_(graph), ranges_(view_.size()) {}

  /// Operands that no step computes, such as inputs, are seen where they are used.
  void see(const NodeEvent& event) {
    if (event.id == NodeEvent::no_id) return;
    const auto operands = view_.operands(event.id);
    for (std::size_t i = 0; i < event.in.size() && i < operands.size(); ++i)
      if (event.in[i].data != nullptr && !ranges_[operands[i].node])
        add(operands[i].node, event.in[i]);
  }
  void finish(const NodeEvent& event) {
    if (event.id == NodeEvent::no_id) return;
    for (const View& result : event.out) add(event.id, result);
  }

  std::vector<ValueRange> take() && {
    std::vector<ValueRange> all;
    for (std::uint32_t id = 0; id < view_.size(); ++id) {
      if (!ranges_[id]) continue;
      const auto operands = view_.operands(id);
      ranges_[id]->first =
          ranges_[id]->not_finite > 0 && std::ranges::none_of(operands, [&](const auto& edge) {
            return !edge.type_only && ranges_[edge.node] && ranges_[edge.node]->not_finite > 0;
          });
    }
    for (std::optional<ValueRange>& range : ranges_)
      if (range) all.push_back(std::move(*range));
    return all;
  }

 private:
  void add(std::uint32_t id, const View& view) {
    if (view.data == nullptr || !is_float(view.type.dtype)) return;
    if (!ranges_[id]) ranges_[id].emplace().node = view_.name(id);
    ValueRange& range = *ranges_[id];
    dispatch_stored(view.type.dtype, [&]<class T>(std::type_identity<T>) {
      for (const T element : view.as<T>()) {
        const double magnitude = std::abs(static_cast<double>(element));
        ++range.elements;
        if (std::isfinite(magnitude))
          range.largest = std::max(range.largest, magnitude);
        else
          ++range.not_finite;
      }
    });
  }

  detail::GraphView view_;
  std::vector<std::optional<ValueRange>> ranges_;  ///< by node
};

/// Compiles the values and lets `run` run them; returns what has been recorded.
template <class Run>
std::vector<ValueRange> recorded(ValueSpan values, Location where, const Run& run) {
  return detail::told_at(where, [&] {
    if (values.empty()) throw ArgumentError("value_ranges: there are no values");
    RangeRecorder recorder(detail::GraphView(detail::Access::data(values.front())));
    const auto observer = std::make_shared<Observer>();
    observer->start = [&](const NodeEvent& event) { recorder.see(event); };
    observer->finish = [&](const NodeEvent& event) { recorder.finish(event); };
    run(compile(values, {.threads = 1, .observer = observer, .passes = {}}, {}));
    return std::move(recorder).take();
  });
}

}  // namespace

std::vector<ValueRange> value_ranges(ValueSpan values, const State& state, const Feeds& feeds,
                                     Location where) {
  return recorded(values, where,
                  [&](const Function& function) { (void)function(state, feeds, {}, {}); });
}

std::vector<ValueRange> value_ranges(ValueSpan values, const Feeds& feeds, Location where) {
  return recorded(values, where, [&](const Function& function) { (void)function(feeds, {}, {}); });
}

}  // namespace dagrad
