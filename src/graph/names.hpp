#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dagrad/detail/segments.hpp"
#include "src/graph/shared_segments.hpp"

namespace dagrad::detail {

/// Names of nodes and scopes. Each name is unique together with its scope. Automatic names are
/// stored as (op, ordinal) and become text only on demand; names given by users are stored as text.
/// A call that throws changes nothing.
class Names {
 public:
  /// The index of a scope within another; 0 is the top level. Throws ArgumentError if its full name
  /// is too long.
  std::uint32_t scope(std::uint32_t outer, std::string_view name);
  const std::string& scope_text(std::uint32_t scope) const {
    return scope == 0 ? top_level_ : scopes_[scope - 1];
  }

  /// Index of an op's name, for `add`. Throws ArgumentError if it is malformed.
  std::uint32_t op_index(std::string_view op);
  /// Gives the next node its automatic name: "matmul", then "matmul_1", "matmul_2", and so on; the
  /// name with the given ordinal if that is free.
  void add(std::uint32_t op, std::uint32_t scope, std::uint32_t ordinal = none);
  /// The ordinal of a node's automatic name.
  std::uint32_t ordinal(std::uint32_t node) const;
  /// Takes over the scopes of another graph with their indices, and reserves its automatic names
  /// for nodes that ask for them by ordinal. There must be no scopes yet.
  void follow(const Names& others);
  /// Names a node within its scope. Throws GraphError if the name is taken, ArgumentError if it is
  /// too long together with its scope.
  void set(std::uint32_t node, std::string_view name);
  /// The same for the name that the node had in the graph from which this one is made. A node whose
  /// automatic name it is gets another one.
  void restore(std::uint32_t node, std::string_view name);
  std::string text(std::uint32_t node) const;
  /// A name in parts, for compact tables of names: the op, the scope and the number of an automatic
  /// name, or the index of one that a user gave.
  struct Parts {
    std::uint32_t op;     ///< `none` if a user gave the name
    std::uint32_t scope;  ///< of an automatic name
    std::uint32_t number;
    std::uint32_t given;  ///< else `none`
  };
  Parts parts(std::uint32_t node) const;
  const std::string& op_text(std::uint32_t op) const { return *ops_[op].text; }
  const std::string& given_text(std::uint32_t given) const { return *given_[given].text; }
  static std::string joined(std::string stem, std::uint32_t number);
  bool user_given(std::uint32_t node) const { return nodes_[node].given; }
  std::uint32_t scope_of(std::uint32_t node) const { return nodes_[node].scope; }
  /// The node with this full name, or `none`.
  std::uint32_t find(std::string_view name) const;
  void truncate(std::uint32_t size) noexcept;
  /// The user-given names that are most similar to this one, for errors.
  std::vector<std::string> similar(std::string_view name) const;

  static constexpr std::uint32_t none = 0xffffffff;

 private:
  static constexpr std::uint32_t most = 0x7fffffff;  ///< the largest number of 31 bits
  struct Entry {
    std::uint32_t op;  ///< index in ops_
    std::uint32_t scope;
    std::uint32_t at : 31;  ///< index in given_ if a user gave the name, else the ordinal
    bool given : 1;
  };
  struct Given {
    const std::string* text;  ///< key in named_
    std::uint32_t ordinal;    ///< of the automatic name that the node had before
  };
  struct OpNames {
    const std::string* text;           ///< key in known_ops_
    std::vector<std::uint32_t> nodes;  ///< nodes by ordinal
    bool contested;                    ///< whether another name can be read as one of these
    std::uint32_t first_free = 0;      ///< smaller ordinals are reserved
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Index = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;

  /// How a word can be read as an automatic name: "f_1" is the first name of op "f_1" and the
  /// second of op "f".
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

  Segments<Entry> nodes_;
  std::vector<OpNames> ops_;
  std::vector<Given> given_;
  std::string top_level_;               ///< empty
  SharedSegments<std::string> scopes_;  ///< full names, from index 1 on
  Index known_ops_, named_;
  Index
      known_scopes_;  ///< those scopes of which one has been asked for; other graphs made the rest
  /// Hashes of the readings of all names ever given and of all op names. Only automatic names found
  /// here need a thorough look-up; collisions cost nothing but time.
  std::unordered_set<std::uint64_t> claims_;
};

}  // namespace dagrad::detail
