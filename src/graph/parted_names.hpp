#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/graph/names.hpp"
#include "src/graph/shared_segments.hpp"

namespace dagrad::detail {

/// Names of nodes of other graphs, in parts that many of them share: "block/relu_3" has the scope
/// "block", the word "relu" and the number 3. A name given by a user is a single word.
class PartedNames {
 public:
  struct Name {
    std::uint32_t scope, word;  ///< of a name without a scope, the former is `Names::none`
    std::uint32_t number;
    friend bool operator==(const Name&, const Name&) = default;
  };
  std::string text(const Name& name) const;

  /// Takes over the names of the nodes of a graph.
  class Reader;

 private:
  SharedSegments<std::string> texts_;
};

class PartedNames::Reader {
 public:
  Reader(PartedNames& to, const Names& names) : to_(to), names_(names) {}

  Name name_of(std::uint32_t node);

 private:
  using Known = std::vector<std::uint32_t>;  ///< index in `to_` by index in a table of the graph
  /// The index of a text of the graph in `to_`; `text` gives it if it is not known yet.
  template <class Text>
  std::uint32_t taken_over(Known& known, std::uint32_t index, const Text& text) {
    if (index >= known.size()) known.resize(index + 1, Names::none);
    if (known[index] == Names::none) known[index] = add(text());
    return known[index];
  }
  std::uint32_t add(const std::string& text);

  PartedNames& to_;
  const Names& names_;
  Known scopes_, ops_, given_;
};

}  // namespace dagrad::detail
