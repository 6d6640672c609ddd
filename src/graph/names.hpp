#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace dagrad::detail {

/// Names of nodes and scopes. Automatic names are (op, ordinal) and become text only when asked
/// for; those that users give are text and unique, with their scope before them.
class Names {
 public:
  /// A scope in another; 0 is the top.
  std::uint32_t scope(std::uint32_t outer, std::string_view name);
  const std::string& scope_text(std::uint32_t scope) const { return scopes_[scope].text; }

  /// Index of an op's name, for `add`.
  std::uint32_t op_index(std::string_view op);
  /// Gives the next node its automatic name: "matmul", then "matmul_1", "matmul_2", …
  void add(std::uint32_t op);
  /// Gives node a user's name. Throws ArgumentError for a malformed one, GraphError for one that is
  /// taken.
  void set(std::uint32_t node, std::uint32_t scope, std::string_view name);
  std::string text(std::uint32_t node, std::uint32_t scope) const;
  bool user_given(std::uint32_t node) const { return nodes_[node].text != none; }
  /// The node that has this full name once its scope is set aside, or `none`.
  std::uint32_t find(std::string_view name) const;
  void truncate(std::uint32_t size) noexcept;
  /// Users' names that are closest to this one, for errors.
  std::vector<std::string> similar(std::string_view name) const;

  static constexpr std::uint32_t none = 0xffffffff;

 private:
  struct Entry {
    std::uint32_t op;  ///< in ops_
    std::uint32_t ordinal;
    std::uint32_t text;  ///< in texts_, or `none` where automatic
  };
  struct OpNames {
    std::string op;
    std::vector<std::uint32_t> nodes;            ///< by ordinal
    std::unordered_set<std::uint32_t> reserved;  ///< ordinals that users' names have taken
  };
  struct ScopeEntry {
    std::uint32_t outer;
    std::string text;
  };
  /// The op and ordinal that an automatic name would stand for.
  struct Automatic {
    std::uint32_t op = none, ordinal = 0;
  };
  Automatic parse(std::string_view name) const;

  std::vector<Entry> nodes_;
  std::vector<OpNames> ops_;
  std::vector<std::string> texts_;
  std::vector<ScopeEntry> scopes_{{0, ""}};
  std::unordered_map<std::string, std::uint32_t> known_ops_, known_scopes_, named_;
};

}  // namespace dagrad::detail
