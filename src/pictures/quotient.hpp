#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "src/pictures/closing.hpp"
#include "src/pictures/repeats.hpp"

namespace dagrad::detail {

/// Which nodes of a graph are drawn as one.
class Quotient {
 public:
  Quotient(const Graph& graph, const PictureOptions& options);

  const ShownNodes& selection() const { return selection_; }
  const ScopeTree& tree() const { return tree_; }
  Role role(std::uint32_t node) const { return roles_[node]; }
  /// The node that is drawn for it and for those of equal scopes.
  std::uint32_t drawn_as(std::uint32_t node) const { return drawn_as_[node]; }
  /// The last node of the equation that it is drawn in; itself if it is drawn alone.
  std::uint32_t root(std::uint32_t node) const { return root_[node]; }
  const std::string& equation(std::uint32_t root) const { return text_[root]; }
  /// The closed scope that it is drawn in, or ScopeTree::none.
  std::uint32_t block(std::uint32_t node) const { return closed_[tree_.of(node)]; }

 private:
  void join_equations(const Graph& graph, const std::vector<Detail>& details);
  void name_joined_parameters(Equations& equations) const;
  void find_closed();
  ScopeSizes sizes() const;
  std::uint64_t part_of(std::uint32_t node) const;

  GraphView view_;
  ShownNodes selection_;
  std::vector<Role> roles_;
  ScopeTree tree_;
  std::vector<std::uint32_t> drawn_as_, root_;    ///< by node
  std::vector<std::string> text_;                 ///< by node
  std::vector<std::uint32_t> closed_;             ///< by scope
  std::map<std::string, std::uint32_t> updated_;  ///< parameters by name
};

}  // namespace dagrad::detail
