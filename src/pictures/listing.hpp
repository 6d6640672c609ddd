#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dagrad/mathematics.hpp"
#include "dagrad/notation.hpp"

namespace dagrad::detail {

/// The mathematics of a graph, before it has a format.
struct Listing {
  struct Symbol {
    Notation symbol;
    std::string name, type;  ///< full name, and "input float64[4,2]"
  };
  struct Line {
    Notation left, right;
    bool assigns = false;            ///< w ← …, an update
    std::string node, place;         ///< the node that computes it, and its source line
    std::vector<std::string> rules;  ///< texts or LaTeX, depending on the format
  };
  struct Section {
    std::string title;
    Notation subject;  ///< what is differentiated; may be empty
    std::vector<Line> lines;
  };
  std::vector<Symbol> symbols;
  std::vector<Section> sections;
};

Listing listing_of(const Graph& graph, const MathematicsOptions& options);

}  // namespace dagrad::detail
