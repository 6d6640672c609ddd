#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <iterator>
#include <limits>
#include <ostream>

#include "dagrad/tensor.hpp"

namespace dagrad {

namespace {

// NumPy's defaults.
constexpr int precision = 8, edge = 3, line_width = 75;

// A finite number split at its point and exponent: "-1.5e-05" is "-1", "5" and "-05".
struct Parts {
  std::string whole, fraction, exponent;
};

// Formats with `digits` digits after the point, or else with the fewest digits that read back as
// `value`.
template <class T, class... Digits>
Parts parts(T value, std::chars_format format, Digits... digits) {
  char buffer[512];
  const auto end = std::to_chars(buffer, std::end(buffer), value, format, digits...).ptr;
  Parts p{std::string(buffer, end), "", ""};
  if (const auto e = p.whole.find('e'); e != std::string::npos) {
    p.exponent = p.whole.substr(e + 1);
    p.whole.resize(e);
  }
  if (const auto point = p.whole.find('.'); point != std::string::npos) {
    p.fraction = p.whole.substr(point + 1);
    p.whole.resize(point);
  }
  return p;
}

// The fewest digits that read back, but at most `precision` after the point.
template <class T>
Parts short_parts(T value, std::chars_format format) {
  Parts p = parts(value, format);
  if (p.fraction.size() > precision) {
    p = parts(value, format, precision);
    p.fraction.resize(p.fraction.find_last_not_of('0') + 1);
  }
  return p;
}

/// The magnitudes from which NumPy writes floats with exponents, in scalars and in arrays.
struct Exponents {
  double scalar, array;
};
template <class T>
constexpr Exponents exponents_of = sizeof(T) == 2   ? Exponents{1e3, 1e3}
                                   : sizeof(T) == 4 ? Exponents{1e6, 1e6}
                                                    : Exponents{1e16, 1e8};

std::string scalar(bool value, double = 0) { return value ? "True" : "False"; }
std::string scalar(std::int64_t value, double = 0) { return fmt::to_string(value); }

template <std::floating_point T>
std::string scalar(T value, double exponents_from = 0) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  const T size = std::fabs(value);
  if (size == 0 || (size >= T(1e-4) && size < exponents_from)) {
    const Parts p = parts(value, std::chars_format::fixed);
    return fmt::format("{}.{}", p.whole, p.fraction.empty() ? "0" : p.fraction);
  }
  const Parts p = parts(value, std::chars_format::scientific);
  return fmt::format("{}{}{}e{}", p.whole, p.fraction.empty() ? "" : ".", p.fraction, p.exponent);
}

// The number printed for an element: an integer as int64; a narrow float as the double with the
// fewest digits among those that round to it.
template <class T>
auto printed(T element) {
  if constexpr (std::same_as<T, Float16> || std::same_as<T, BFloat16>) {
    const double exact = static_cast<float>(element);
    for (int digits = 0; std::isfinite(exact); ++digits) {
      char text[32];
      const auto end =
          std::to_chars(text, std::end(text), exact, std::chars_format::scientific, digits).ptr;
      double candidate = 0;
      std::from_chars(text, end, candidate);
      if (T(candidate).bits == element.bits) return candidate;
    }
    return exact;
  } else if constexpr (std::integral<T> && !std::same_as<T, bool>) {
    return std::int64_t{element};
  } else {
    return element;
  }
}

// The texts of the elements shown, all of the same width.
template <class T>
class Words {
 public:
  explicit Words(const std::vector<T>& values, double = 0) {
    for (const T value : values) width_ = std::max(width_, scalar(value).size());
  }
  std::string operator()(T value) const { return fmt::format("{:>{}}", scalar(value), width_); }

 private:
  std::size_t width_ = std::is_same_v<T, bool> ? 5 : 0;
};

// Aligns decimal points, and uses exponents if numbers are too large, too small or too far apart.
template <std::floating_point T>
class Words<T> {
 public:
  Words(const std::vector<T>& values, double exponents_from) {
    std::size_t longest = 0;  // longest text of a NaN or infinity
    exponents_ = far_apart(values, exponents_from);
    for (const T value : values) {
      if (!std::isfinite(value)) {
        longest = std::max(longest, scalar(value).size());
        continue;
      }
      const Parts p = short_parts(value, format());
      left_ = std::max(left_, p.whole.size());
      right_ = std::max(right_, p.fraction.size());
      if (exponents_) digits_ = std::max(digits_, p.exponent.size() - 1);
    }
    left_ = std::max(left_, longest - std::min(longest, width() - left_));
  }

  std::string operator()(T value) const {
    if (!std::isfinite(value)) return fmt::format("{:>{}}", scalar(value), width());
    if (!exponents_) {
      const Parts p = short_parts(value, format());
      return fmt::format("{:>{}}.{:<{}}", p.whole, left_, p.fraction, right_);
    }
    const Parts p = parts(value, format(), static_cast<int>(right_));
    return fmt::format("{:>{}}.{}e{}{:0>{}}", p.whole, left_, p.fraction, p.exponent[0],
                       p.exponent.substr(1), digits_);
  }

 private:
  static bool far_apart(const std::vector<T>& values, double large) {
    T least = std::numeric_limits<T>::infinity(), most = 0;
    for (const T value : values) {
      if (value == 0 || !std::isfinite(value)) continue;
      least = std::min(least, std::fabs(value));
      most = std::max(most, std::fabs(value));
    }
    return most > 0 && (most >= large || least < T(1e-4) || most / least > 1000);
  }
  std::chars_format format() const {
    return exponents_ ? std::chars_format::scientific : std::chars_format::fixed;
  }
  std::size_t width() const { return left_ + 1 + right_ + (exponents_ ? 2 + digits_ : 0); }

  bool exponents_ = false;
  std::size_t left_ = 0, right_ = 0,
              digits_ = 0;  // digits before and after the point, and of the exponent
};

// Lays out the texts of a tensor in nested brackets. The `slots` of an axis are what is shown of
// it: all positions, or three at either end with a gap between them.
class Layout {
 public:
  Layout(const Shape& shape, bool shortened) : shape_(shape), shortened_(shortened) {}

  /// Row-major positions of the elements shown, in the order of the text.
  std::vector<std::int64_t> positions() const {
    std::vector<std::int64_t> result{0};
    for (int axis = 0; axis < shape_.rank(); ++axis) {
      std::vector<std::int64_t> next;
      for (const std::int64_t base : result) {
        for (const std::int64_t slot : slots(axis)) {
          if (slot != gap) next.push_back(base * shape_[axis] + slot);
        }
      }
      result = std::move(next);
    }
    return result;
  }

  std::string text(const std::vector<std::string>& shown) const {
    auto word = shown.begin();
    return nested(0, word);
  }

 private:
  using Word = std::vector<std::string>::const_iterator;
  static constexpr std::int64_t gap = -1;

  std::vector<std::int64_t> slots(int axis) const {
    std::vector<std::int64_t> result;
    const std::int64_t n = shape_[axis];
    const bool cut = shortened_ && n > 2 * edge;
    for (std::int64_t i = 0; i < n; ++i) {
      if (cut && i == edge) {
        result.push_back(gap);
        i = n - edge;
      }
      result.push_back(i);
    }
    return result;
  }

  std::string nested(int axis, Word& word) const {
    if (axis + 1 == shape_.rank()) return row(axis, word);
    const std::string between =
        std::string(static_cast<std::size_t>(shape_.rank() - axis - 1), '\n') +
        std::string(static_cast<std::size_t>(axis + 1), ' ');
    std::string text;
    for (const std::int64_t slot : slots(axis)) {
      text += text.empty() ? "[" : between;
      text += slot == gap ? "..." : nested(axis + 1, word);
    }
    return text + "]";
  }

  std::string row(int axis, Word& word) const {
    const std::size_t indent = static_cast<std::size_t>(axis) + 1;
    std::string text, line(static_cast<std::size_t>(axis), ' ');
    line += '[';
    for (const std::int64_t slot : slots(axis)) {
      const std::string& next = slot == gap ? dots_ : *word++;
      if (line.size() + next.size() + indent > line_width && line.size() > indent) {
        line.resize(line.find_last_not_of(' ') + 1);
        text += line + '\n';
        line = std::string(indent, ' ');
      }
      line += next + ' ';
    }
    line.back() = ']';
    return (text + line).substr(static_cast<std::size_t>(axis));
  }

  const Shape& shape_;
  bool shortened_;
  std::string dots_ = "...";
};

}  // namespace

std::string to_string(const Tensor& tensor, std::int64_t threshold) {
  return dispatch_stored(tensor.dtype(), [&]<class T>(std::type_identity<T>) -> std::string {
    using Printed = decltype(printed(T()));
    const auto values = tensor.values<T>();
    if (tensor.rank() == 0) return scalar(printed(values[0]), exponents_of<T>.scalar);
    if (tensor.size() == 0) return "[]";
    const Layout layout(tensor.shape(), tensor.size() > threshold);
    std::vector<Printed> shown;
    for (const std::int64_t i : layout.positions()) {
      shown.push_back(printed(values[static_cast<std::size_t>(i)]));
    }
    std::vector<std::string> words;
    const Words<Printed> word(shown, exponents_of<T>.array);
    std::transform(shown.begin(), shown.end(), std::back_inserter(words), word);
    return layout.text(words);
  });
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  return out << to_string(tensor);
}

}  // namespace dagrad
