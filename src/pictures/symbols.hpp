#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dagrad/notation.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// Short and unique symbols for the values of a graph. Names that users have given lose the scopes
/// which they do not need to be unique: "hidden/w" and "output/w" are called w_hidden and w_output.
class Symbols {
 public:
  explicit Symbols(const Graph& graph);

  /// That of an input, a parameter, or a node that the user has named; else empty.
  const Notation& given(std::uint32_t node) const;
  /// A new symbol of a letter with an index, such as z₁: `index` if it is free, else the next one.
  /// With index 0, the letter by itself if it is free.
  Notation indexed(std::string_view letter, std::string_view latex, std::uint32_t& index);
  /// The next index of a letter, from 1 on.
  std::uint32_t next(std::string_view letter) { return ++newest_[std::string(letter)]; }
  /// The symbol, or a variant of it if it is taken.
  Notation unique(const Notation& symbol);

 private:
  void name_group(const std::string& base, const std::vector<std::uint32_t>& group,
                  const std::vector<std::vector<std::string>>& scopes);
  bool take(const Notation& symbol);
  std::uint32_t free_index(const std::string& letter, std::uint32_t index);

  std::vector<Notation> given_;  ///< by node; only as long as needed
  Notation none_;
  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, std::uint32_t> newest_;
  /// By letter: for indices that it has had, one to continue the search with.
  std::unordered_map<std::string, std::unordered_map<std::uint32_t, std::uint32_t>> next_free_;
};

/// ∂y/∂x, of which higher derivatives are ∂²y/∂x². `y` may be such a symbol itself.
class Derivatives {
 public:
  /// `seeded` gives an adjoint, such as w̄, since y is then weighted or one of several.
  Notation symbol(const Notation& y, const Notation& x, bool seeded);

 private:
  struct Known {
    Notation y;
    std::vector<Notation> xs;
  };
  std::unordered_map<std::string, Known> known_;  ///< by the text of the symbol
};

}  // namespace dagrad::detail
