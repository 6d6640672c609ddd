#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dagrad/check.hpp"
#include "dagrad/strides.hpp"

namespace dagrad {

namespace {

/// The comparisons of one x.
class Pattern {
 public:
  explicit Pattern(std::span<const Comparison> comparisons)
      : comparisons_(comparisons), shape_(comparisons[0].shape) {
    for (const Comparison& c : comparisons) {
      size_ = std::max(size_, std::abs(c.difference));
      finite_ = finite_ && std::isfinite(c.gradient) && std::isfinite(c.difference);
    }
  }

  /// What they have in common, as the end of "the gradient ..."; empty where nothing is found.
  std::string text() const {
    if (!finite_) return "";
    if (const auto ratio = common_ratio()) return ratio_text(*ratio);
    if (!complete()) return "";
    if (is_transposed()) return "is transposed";
    for (int axis = 0; axis < shape_.rank(); ++axis)
      if (is_reversed(axis)) return fmt::format("is reversed along axis {}", axis);
    if (std::string axes = axes_text(); !axes.empty()) return axes;
    if (is_permuted())
      return "has the right numbers at the wrong elements: an axis or an index may be wrong";
    return "";
  }

 private:
  bool near(double gradient, double difference, double error) const {
    return std::abs(gradient - difference) <= 1e-5 * size_ + error;
  }
  bool near(std::size_t gradient, std::size_t difference) const {
    return near(comparisons_[gradient].gradient, comparisons_[difference].difference,
                comparisons_[difference].error);
  }
  /// Whether every element was compared, in order.
  bool complete() const {
    return comparisons_[0].element && shape_.rank() > 0 &&
           static_cast<std::int64_t>(comparisons_.size()) == shape_.elements();
  }

  /// The ratio of the gradient to the slope, if it is the same in all comparisons. A single
  /// comparison suggests a cause only if its ratio is a simple number.
  std::optional<double> common_ratio() const {
    const auto largest = std::max_element(comparisons_.begin(), comparisons_.end(),
                                          [](const Comparison& a, const Comparison& b) {
                                            return std::abs(a.difference) < std::abs(b.difference);
                                          });
    if (!(size_ > 0)) return {};
    double ratio = largest->gradient / largest->difference;
    for (const double simple : {ratio, 1 / ratio}) {
      const double whole = std::round(simple);
      if (whole != 0 && std::abs(simple - whole) < 1e-6 * std::abs(whole))
        ratio = simple == ratio ? whole : 1 / whole;
    }
    const bool is_simple =
        ratio == 0 || ratio == std::round(ratio) || 1 / ratio == std::round(1 / ratio);
    const bool common =
        std::all_of(comparisons_.begin(), comparisons_.end(), [&](const Comparison& c) {
          return near(c.gradient, ratio * c.difference, (1 + std::abs(ratio)) * c.error);
        });
    return common && (is_simple || comparisons_.size() > 1) ? std::optional(ratio) : std::nullopt;
  }
  std::string ratio_text(double ratio) const {
    if (ratio == -1) return "has the wrong sign";
    if (ratio == 0) return "is 0: the rule may lack a term, or something stops the gradient";
    std::string text = fmt::format("is {:.6g} times the slope: ", ratio);
    const double count = std::abs(ratio) > 1 ? std::abs(ratio) : 1 / std::abs(ratio);
    for (int axis = 0; axis < shape_.rank(); ++axis)
      if (shape_[axis] > 2 && count == static_cast<double>(shape_[axis]))
        return text +
               fmt::format(
                   "axis {} has that many elements, so a sum may have taken the place of a mean",
                   axis);
    return text + "a factor may be missing or applied twice";
  }

  bool is_transposed() const {
    if (shape_.rank() != 2) return false;
    const auto rows = static_cast<std::size_t>(shape_[0]);
    const auto columns = static_cast<std::size_t>(shape_[1]);
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < columns; ++j)
        if (!near(j * rows + i, i * columns + j)) return false;
    return true;
  }
  bool is_reversed(int axis) const {
    const AlongAxis along(shape_, axis);
    for (std::int64_t i = 0; i < shape_.elements(); ++i) {
      const std::int64_t at = i / along.inner % along.length;
      const std::int64_t mirrored = i + (along.length - 1 - 2 * at) * along.inner;
      if (!near(static_cast<std::size_t>(mirrored), static_cast<std::size_t>(i))) return false;
    }
    return true;
  }
  /// Bit i: the numbers differ along axis i.
  template <class Number>
  std::uint32_t varying(Number number) const {
    std::uint32_t axes = 0;
    for (int axis = 0; axis < shape_.rank(); ++axis) {
      const AlongAxis along(shape_, axis);
      for (std::int64_t i = 0; i < shape_.elements(); ++i) {
        const std::int64_t first = i - i / along.inner % along.length * along.inner;
        const Comparison& c = comparisons_[static_cast<std::size_t>(i)];
        const Comparison& at_first = comparisons_[static_cast<std::size_t>(first)];
        if (!near(number(c), number(at_first), c.error + at_first.error)) axes |= 1U << axis;
      }
    }
    return axes;
  }
  std::string axes_text() const {
    if (shape_.rank() < 2) return "";
    const auto listed = [&](std::uint32_t axes) {
      std::string text;
      for (int axis = 0; axis < shape_.rank(); ++axis)
        if ((axes >> axis & 1U) != 0) text += fmt::format("{}{}", text.empty() ? "" : ",", axis);
      return "[" + text + "]";
    };
    const std::uint32_t gradient = varying([](const Comparison& c) { return c.gradient; });
    const std::uint32_t slope = varying([](const Comparison& c) { return c.difference; });
    const std::uint32_t all = (1U << shape_.rank()) - 1;
    if (gradient == slope || (gradient == all && slope == all)) return "";
    return fmt::format(
        "varies along axes {}, but the slope varies along axes {}: an axis may be wrong",
        listed(gradient), listed(slope));
  }
  bool is_permuted() const {
    std::vector<double> gradients, differences;
    double error = 0;
    for (const Comparison& c : comparisons_) {
      gradients.push_back(c.gradient);
      differences.push_back(c.difference);
      error = std::max(error, c.error);
    }
    std::sort(gradients.begin(), gradients.end());
    std::sort(differences.begin(), differences.end());
    for (std::size_t i = 0; i < gradients.size(); ++i)
      if (!near(gradients[i], differences[i], error)) return false;
    return true;
  }

  std::span<const Comparison> comparisons_;
  Shape shape_;
  double size_ = 0;  ///< of the largest slope
  bool finite_ = true;
};

/// The hint of the first x whose comparisons disagree in a way that suggests a cause.
std::string hint_in(std::span<const Comparison> comparisons) {
  for (auto first = comparisons.begin(); first != comparisons.end();) {
    const auto end = std::find_if(first, comparisons.end(),
                                  [&](const Comparison& c) { return c.x != first->x; });
    const std::span<const Comparison> group(first, end);
    first = end;
    if (std::none_of(group.begin(), group.end(),
                     [](const Comparison& c) { return c.verdict == Verdict::disagree; }))
      continue;
    if (const std::string text = Pattern(group).text(); !text.empty())
      return fmt::format("the gradient in '{}' {}", group[0].x, text);
  }
  return "";
}

}  // namespace

std::string CheckReport::hint() const {
  const std::string own = hint_in(at_culprit);
  return own.empty() ? hint_in(comparisons) : own;
}

}  // namespace dagrad
