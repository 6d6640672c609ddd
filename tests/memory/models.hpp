#pragma once

#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"

/// Small graphs, and everything that can be observed of them.
namespace dagrad::test {

/// The listing of a graph; the position in the table of names, the users and the scope of each
/// node; and its Boost edges.
std::string listing(const Graph& graph);

/// The bits of tensors as text.
std::string bits(const std::vector<Tensor>& tensors);

/// One layer and its loss.
struct SmallModel {
  SmallModel();
  Graph graph;
  Value x, w, y;
  Feeds feeds() const;
};

/// A model with scopes, names, several results, a custom rule and functor, a captured literal, and
/// advancing parameters.
struct RichModel {
  RichModel();
  Graph graph;
  Value x, w, b, y;
  std::vector<Value> parts;
  Advancing steps;
  Feeds feeds() const;
};

}  // namespace dagrad::test
