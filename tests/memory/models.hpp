#pragma once

#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"

/// Small graphs, and everything that can be seen of one.
namespace dagrad::test {

/// Its listing; each node's place in the table of names, its users and scope; its Boost edges.
std::string listing(const Graph& graph);

/// The bits of tensors.
std::string bits(const std::vector<Tensor>& tensors);

/// One layer, and its loss.
struct SmallModel {
  SmallModel();
  Graph graph;
  Value x, w, y;
  Feeds feeds() const;
};

/// Scopes, names, several results, a rule and a functor of the user's, a captured literal, and
/// parameters that move on.
struct RichModel {
  RichModel();
  Graph graph;
  Value x, w, b, y;
  std::vector<Value> parts;
  Advancing steps;
  Feeds feeds() const;
};

}  // namespace dagrad::test
