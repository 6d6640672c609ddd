#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/graph/view.hpp"
#include "src/pictures/roles.hpp"
#include "src/pictures/selection.hpp"

namespace dagrad::detail {

/// The scopes of a picture. Scope 0 is the top level of the forward computation and its gradient;
/// what updates need has a tree of its own within it, because it can be closed as a whole. Nodes in
/// it that serve a single parameter and are in no scope of the graph are put into one together, so
/// that equal updates can be drawn once. Groups of the options are scopes too.
class ScopeTree {
 public:
  struct Scope {
    std::string name = {};     ///< full name; empty for the top level and for the updates
    std::string title;         ///< last word of the name
    std::uint32_t parent = 0;  ///< precedes it
    std::uint32_t depth = 0;   ///< 0 for the top level
    std::vector<std::uint32_t> inner = {};  ///< in the order of their first nodes
    /// The scope that is drawn in its place: itself, or an equal one with other parameters.
    std::uint32_t drawn_as = 0;
    std::uint32_t repeats = 1;  ///< how many scopes it is drawn for
    bool open = true;
    bool of_parameter = false;  ///< what updates one parameter, which is no scope of the graph
  };
  static constexpr std::uint32_t none = 0xffffffff;

  ScopeTree(const Graph& graph, const ShownNodes& selection, const std::vector<Role>& roles,
            std::span<const Update> updates, std::span<const PictureGroup> groups);

  std::uint32_t size() const { return static_cast<std::uint32_t>(scopes_.size()); }
  Scope& operator[](std::uint32_t scope) { return scopes_[scope]; }
  const Scope& operator[](std::uint32_t scope) const { return scopes_[scope]; }
  std::uint32_t of(std::uint32_t node) const { return of_[node]; }
  std::uint32_t updates() const { return updates_; }  ///< `none` if there are none
  /// The innermost scope around both.
  std::uint32_t common(std::uint32_t a, std::uint32_t b) const;
  /// The scope directly within `outer` that `scope`, which lies in `outer`, is or lies in; `outer`
  /// if that is `scope`.
  std::uint32_t child(std::uint32_t outer, std::uint32_t scope) const;

 private:
  void group_by_parameter(const Graph& graph, const ShownNodes& selection,
                          const std::vector<Role>& roles, std::span<const Update> updates);
  void add_groups(const Graph& graph, const std::vector<Role>& roles,
                  std::span<const PictureGroup> groups);

  std::vector<Scope> scopes_{Scope{}};
  std::vector<std::uint32_t> of_;  ///< by node
  std::uint32_t updates_ = none;
};

}  // namespace dagrad::detail
