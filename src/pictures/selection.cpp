#include "src/pictures/selection.hpp"

#include <algorithm>

#include "src/pictures/derivatives.hpp"
#include "src/pictures/wildcard.hpp"

namespace dagrad::detail {

namespace {

class Selecting {
 public:
  Selecting(const Graph& graph, const PictureOptions& options)
      : graph_(graph), view_(graph), options_(options), size_(view_.size()) {}

  ShownNodes run() && {
    made_.drawn.assign(size_, true);
    made_.fetched.assign(size_, false);
    made_.part.assign(size_, Part::forward);
    made_.order.assign(size_, 0);
    next_.assign(size_, false);
    mark_values();
    if (options_.only_needed) keep_needed();
    if (!options_.left_out.empty()) leave_out();
    made_.derivatives = derivatives_of(view_);
    made_.kept = made_.fetched;
    for (const auto& [node, text] : made_.derivatives) made_.kept[node] = true;
    for (std::uint32_t id = 0; id < size_; ++id)
      if (next_[id]) made_.kept[id] = true;
    find_orders();
    find_parts();
    return std::move(made_);
  }

 private:
  std::uint32_t own(const Value& value, std::string_view role) const {
    if (&Access::data(value) != &Access::data(graph_))
      throw GraphError("to_dot: the " + std::string(role) + " '" + value.name() +
                       "' belongs to another graph");
    return value.node_id();
  }

  void mark_values() {
    for (const Value& fetch : options_.fetches) made_.fetched[own(fetch, "fetch")] = true;
    for (const Update& update : options_.updates) {
      next_[own(update.next, "next value")] = true;
      updated_.push_back(own(update.parameter, "updated parameter"));
      made_.next_of[update.next.node_id()] = update.parameter.node_id();
    }
  }

  void keep_needed() {
    made_.drawn = made_.fetched;
    for (std::uint32_t id = 0; id < size_; ++id)
      if (next_[id]) made_.drawn[id] = true;
    for (const std::uint32_t parameter : updated_) made_.drawn[parameter] = true;
    for (std::uint32_t id = size_; id-- > 0;)
      if (made_.drawn[id])
        for (const Edge& edge : view_.operands(id)) made_.drawn[edge.node] = true;
  }

  /// Leaves out what the patterns name, and then the nodes all of whose users are left out.
  void leave_out() {
    std::vector<bool> has_users(size_), has_drawn_users(size_);
    for (std::uint32_t id = size_; id-- > 0;) {
      if (!made_.drawn[id]) continue;
      const std::string name = view_.name(id);
      const bool named =
          std::any_of(options_.left_out.begin(), options_.left_out.end(),
                      [&](const std::string& pattern) { return fits_within(pattern, name); });
      const bool only_for_others =
          has_users[id] && !has_drawn_users[id] && !made_.fetched[id] && !next_[id];
      made_.drawn[id] = !named && !only_for_others;
      for (const Edge& edge : view_.operands(id)) {
        has_users[edge.node] = true;
        if (made_.drawn[id]) has_drawn_users[edge.node] = true;
      }
    }
  }

  /// Nodes of order 0 between two gradients, such as the sum of a first derivative, count as part
  /// of the first.
  void find_orders() {
    for (std::uint32_t id = 0; id < size_; ++id) {
      auto order = static_cast<std::uint16_t>(view_.gradient_order(id));
      if (order == 0)
        for (const Edge& edge : view_.operands(id)) order = std::max(order, made_.order[edge.node]);
      made_.order[id] = order;
    }
  }

  void find_parts() {
    std::vector<bool> for_gradient(size_), for_update = next_, used(size_), used_forward(size_),
                                           used_after(size_);
    for (std::uint32_t id = size_; id-- > 0;) {
      if (!made_.drawn[id]) continue;
      const bool own_order = view_.gradient_order(id) > 0;
      if (own_order) for_gradient[id] = true;
      if (made_.order[id] > 0)
        made_.part[id] = for_gradient[id] ? Part::gradient
                         : for_update[id] ? Part::update
                                          : Part::after;
      else if (!made_.fetched[id] && (used[id] || next_[id]) && !used_forward[id])
        made_.part[id] = used_after[id] ? Part::after : Part::update;
      if (made_.part[id] != Part::gradient) made_.order[id] = 0;
      for (const Edge& edge : view_.operands(id)) {
        if (for_gradient[id]) for_gradient[edge.node] = true;
        if (for_update[id]) for_update[edge.node] = true;
        used[edge.node] = true;
        if (made_.part[id] == Part::forward || made_.part[id] == Part::gradient)
          used_forward[edge.node] = true;
        if (made_.part[id] == Part::after) used_after[edge.node] = true;
      }
    }
  }

  const Graph& graph_;
  GraphView view_;
  const PictureOptions& options_;
  std::uint32_t size_;
  ShownNodes made_;
  std::vector<bool> next_;              ///< by node: whether it is the next value of a parameter
  std::vector<std::uint32_t> updated_;  ///< parameters
};

}  // namespace

ShownNodes selection_of(const Graph& graph, const PictureOptions& options) {
  return Selecting(graph, options).run();
}

}  // namespace dagrad::detail
