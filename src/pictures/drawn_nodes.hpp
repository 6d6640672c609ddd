#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "src/pictures/node_texts.hpp"
#include "src/pictures/picture.hpp"
#include "src/pictures/quotient.hpp"

namespace dagrad::detail {

/// Makes the nodes and clusters of a picture.
class DrawnNodes {
 public:
  DrawnNodes(const Graph& graph, const PictureOptions& options, Picture& made);

  const Quotient& quotient() const { return quotient_; }
  const NodeTexts& texts() const { return texts_; }
  bool is_node(std::uint32_t id) const { return quotient_.role(id) == Role::node; }
  /// The drawn node that shows a node of the graph.
  std::uint32_t drawn(std::uint32_t id) const { return drawn_[quotient_.drawn_as(id)]; }
  /// The block of a closed scope in the part that a node belongs to; `nothing` if there is none or
  /// the scope is drawn as another one.
  std::uint32_t block(std::uint32_t scope, std::uint32_t part_of) const;
  /// Adds a constant beside the drawn node that uses it; returns its index.
  std::uint32_t add_constant(std::uint32_t id, std::uint32_t user);

 private:
  using Place = std::tuple<std::uint32_t, Part, int>;  ///< a scope within a part and an order

  Place place_of(std::uint32_t id, std::uint32_t scope) const {
    return {scope, quotient_.selection().part[id], quotient_.selection().order[id]};
  }
  std::uint32_t next_index() const { return static_cast<std::uint32_t>(made_.nodes.size()); }
  std::uint64_t parameters_in(std::uint32_t id) const;
  bool types_differ(std::uint32_t a, std::uint32_t b) const;
  void add_nodes();
  void count_parameters();
  DrawnNode& add_node_in(std::uint32_t id, std::uint32_t scope);
  void add_block(std::uint32_t id, std::uint32_t scope);
  void add_node(std::uint32_t id);
  void add_ports(DrawnNode& node) const;
  bool is_transparent(std::uint32_t scope) const;
  std::uint32_t cluster_of(const Place& place);
  std::uint32_t add_cluster(const Place& place, std::uint32_t outer);

  GraphView view_;
  const PictureOptions& options_;
  Picture& made_;
  Quotient quotient_;
  NodeTexts texts_;
  std::vector<std::uint32_t> drawn_;  ///< by node, for those that are drawn as themselves
  std::map<Place, std::uint32_t> blocks_, clusters_;
};

}  // namespace dagrad::detail
