#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "src/graph/view.hpp"
#include "src/pictures/picture.hpp"

namespace dagrad::detail {

/// Writes what pictures show about single nodes of a graph. One thread at a time may use it.
class NodeTexts {
 public:
  NodeTexts(const Graph& graph, const PictureOptions& options);

  /// The dtype that types leave out; empty if they show all of them.
  std::string dtype() const;
  /// "4×3", "int64 12×64" or "float64[4,3]", as the options ask for.
  std::string type(const Type& type) const;
  /// Those of all results.
  std::string types(std::uint32_t node) const;
  /// The attributes that differ from those of an op made without arguments: a flag that is set is
  /// given by its name, others as "axis=1", and a formula has no name.
  const std::string& attributes(const Op& op) const;
  /// The name of the node within its scope.
  std::string short_name(std::uint32_t node) const;
  /// Fills in what a drawn node shows of the node of the graph after which it is named.
  void describe(DrawnNode& drawn) const;
  /// "model.cpp:41"; empty if it is not known.
  std::string place(std::uint32_t node) const;

 private:
  std::string attributes_text(const Op& op) const;

  const Graph& graph_;
  GraphView view_;
  const PictureOptions& options_;
  std::optional<DType> usual_;  ///< the most frequent dtype
  /// Texts that many nodes share.
  mutable std::unordered_map<const OpInterface*, std::string> attributes_;
  mutable std::unordered_map<const char*, std::string> files_;  ///< names without folders
};

}  // namespace dagrad::detail
