#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace dagrad::detail {

/// Names of nodes and scopes, each unique with its scope before it. Automatic names are (op,
/// ordinal) and become text only when asked for; those that users give are text. A call that throws
/// has changed no name.
class Names {
 public:
  /// A scope in another; 0 is the top. Throws ArgumentError where its text is too long.
  std::uint32_t scope(std::uint32_t outer, std::string_view name);
  const std::string& scope_text(std::uint32_t scope) const { return scopes_[scope]; }

  /// Index of an op's name, for `add`. Throws ArgumentError for a bad one.
  std::uint32_t op_index(std::string_view op);
  /// Gives the next node its automatic name: "matmul", then "matmul_1", "matmul_2", …; that of the
  /// ordinal, where one is given and free.
  void add(std::uint32_t op, std::uint32_t scope, std::uint32_t ordinal = none);
  /// The ordinal of a node's automatic name.
  std::uint32_t ordinal(std::uint32_t node) const;
  /// Leaves the automatic names of another graph to those that are given them by their ordinals.
  void leave_room_for(const Names& others);
  /// Gives a node a name of its own in its scope. Throws GraphError for one that is taken,
  /// ArgumentError for one that is too long with its scope.
  void set(std::uint32_t node, std::string_view name);
  /// The same for the name that a node had in the graph that this one is made of: a node that has
  /// it automatically makes way.
  void restore(std::uint32_t node, std::string_view name);
  std::string text(std::uint32_t node) const;
  /// A name as a stem, which the automatic names of one op in one scope share, and a number:
  /// "block/relu_3" is "block/relu" and 3, "block/relu" the same stem and 0, and a name that was
  /// given a stem of its own and 0. For tables of many names.
  struct Parts {
    std::uint64_t stem;
    std::uint32_t number;
  };
  Parts parts(std::uint32_t node) const;
  std::string stem_text(std::uint64_t stem) const;
  static std::string joined(std::string stem, std::uint32_t number);
  bool user_given(std::uint32_t node) const { return nodes_[node].given; }
  std::uint32_t scope_of(std::uint32_t node) const { return nodes_[node].scope; }
  /// The node that has this name, with its scope, or `none`.
  std::uint32_t find(std::string_view name) const;
  void truncate(std::uint32_t size) noexcept;
  /// Users' names that are closest to this one, for errors.
  std::vector<std::string> similar(std::string_view name) const;

  static constexpr std::uint32_t none = 0xffffffff;

 private:
  static constexpr std::uint32_t most = 0x7fffffff;  ///< what 31 bits hold
  struct Entry {
    std::uint32_t op;  ///< in ops_
    std::uint32_t scope;
    std::uint32_t at : 31;  ///< in given_ where a user has given the name, else its ordinal
    bool given : 1;
  };
  struct Given {
    const std::string* text;  ///< in named_
    std::uint32_t ordinal;    ///< of the automatic name that the node had
  };
  struct OpNames {
    const std::string* text;           ///< in known_ops_
    std::vector<std::uint32_t> nodes;  ///< by ordinal
    bool contested;                    ///< some other name can be read as one of these
    std::uint32_t first_free = 0;      ///< ordinals before it are left to those that ask for them
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Index = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;

  /// What a word would be as an automatic name: "f_1" the first of op "f_1", and the second of "f".
  struct Reading {
    std::string_view op;
    std::uint32_t ordinal;
  };
  struct Readings {
    std::array<Reading, 2> all;
    std::size_t size;
    const Reading* begin() const { return all.data(); }
    const Reading* end() const { return all.data() + size; }
  };
  static Readings readings(std::string_view word);
  static std::uint64_t claim_of(std::string_view op, std::uint32_t ordinal);
  void claim(std::string_view word);
  void assign(std::uint32_t node, std::string_view name, bool others_make_way);
  std::string in_scope(std::uint32_t scope, std::string_view name) const;
  std::string automatic_text(std::uint32_t op, std::uint32_t ordinal, std::uint32_t scope) const;
  std::uint32_t next_ordinal(std::uint32_t op, std::uint32_t scope);
  bool is_free(std::uint32_t op, std::uint32_t ordinal, std::uint32_t scope) const;

  std::vector<Entry> nodes_;
  std::vector<OpNames> ops_;
  std::vector<Given> given_;
  std::vector<std::string> scopes_{""};
  Index known_ops_, known_scopes_, named_;
  /// Readings of the words that were ever given, and of names of ops: only where an automatic name
  /// is among them it has to be looked up. (A hash of each; one too many costs but time.)
  std::unordered_set<std::uint64_t> claims_;
};

}  // namespace dagrad::detail
