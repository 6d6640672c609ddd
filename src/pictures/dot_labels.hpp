#pragma once

#include <string>

#include "src/pictures/picture.hpp"

namespace dagrad::detail {

/// Writes the labels of a picture in Graphviz's HTML-like language.
class DotLabels {
 public:
  /// On which side of a node its operands arrive.
  enum class Side : std::uint8_t { none, top, bottom, left, right };

  DotLabels(const Picture& picture, const PictureOptions& options)
      : picture_(picture), options_(options), theme_(options.theme) {}

  /// With a port for each operand, "i0", "i1", …, if they arrive on some side.
  std::string node(const DrawnNode& node, Side operands) const;
  std::string cluster(const DrawnCluster& cluster) const;
  /// The title and the legend, which are below the picture, where no edge can cross them.
  std::string caption() const;

 private:
  std::string small(const std::string& text) const { return small(text, theme_.faint); }
  std::string small(const std::string& text, const std::string& colour) const;
  std::string title() const;
  std::string legend() const;
  std::string lines(const DrawnNode& node) const;
  std::string details(const DrawnNode& node) const;
  std::string block_details(const DrawnNode& node) const;
  std::string ports(const DrawnNode& node, const char* before, const char* after) const;

  const Picture& picture_;
  const PictureOptions& options_;
  const Theme& theme_;
};

/// "66 k" for 66000.
std::string count_text(std::uint64_t count);

}  // namespace dagrad::detail
