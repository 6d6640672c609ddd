#include "src/check/kinks.hpp"

#include <algorithm>
#include <cmath>

#include "src/check/surface.hpp"

namespace dagrad::detail {

namespace {

constexpr int lines = 4, pieces = 32, halvings = 24;

/// The gradient along a line from the subject's point to another.
class Walk {
 public:
  Walk(Surface& surface, const Subject& subject, Rng& rng) : surface_(surface) {
    for (std::size_t i = 0; i < surface.xs(); ++i) {
      const auto from = subject.point[i].values<double>();
      from_.emplace_back(from.begin(), from.end());
      to_.push_back(from_.back());
      const Tensor order = rng.permutation(subject.point[i].size());
      for (std::size_t e = 0; e < from.size(); ++e)
        to_[i][e] = from[static_cast<std::size_t>(order.at(static_cast<std::int64_t>(e)))];
    }
  }

  std::vector<double> gradient(double t) {
    std::vector<double> all;
    for (std::size_t i = 0; i < from_.size(); ++i)
      for (std::size_t e = 0; e < from_[i].size(); ++e)
        surface_.x(i)[e] = from_[i][e] + t * (to_[i][e] - from_[i][e]);
    surface_.set_origin();
    for (std::size_t i = 0; i < from_.size(); ++i)
      all.insert(all.end(), surface_.slopes(i).begin(), surface_.slopes(i).end());
    return all;
  }

 private:
  Surface& surface_;
  std::vector<std::vector<double>> from_, to_;
};

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

double largest(const std::vector<double>& a) { return distance(a, std::vector<double>(a.size())); }

/// Repeatedly halves the part of the line on which the gradient changes most, until a smooth
/// gradient would hardly change there.
bool jumps(Walk walk) {
  double left = 0, width = 1.0 / pieces, most = -1, size = 0;
  std::vector<double> before = walk.gradient(0), low, high;
  for (int i = 0; i < pieces; ++i) {
    std::vector<double> after = walk.gradient((i + 1) * width);
    size = std::max(size, largest(after));
    if (const double change = distance(before, after); change > most) {
      most = change;
      left = i * width;
      low = before;
      high = after;
    }
    before = std::move(after);
  }
  for (int i = 0; i < halvings; ++i) {
    width /= 2;
    std::vector<double> middle = walk.gradient(left + width);
    size = std::max(size, largest(middle));
    if (distance(low, middle) > distance(middle, high)) {
      high = std::move(middle);
    } else {
      low = std::move(middle);
      left += width;
    }
  }
  return distance(low, high) > 1e-3 * size;
}

}  // namespace

bool has_kink(Subject& subject, const CheckOptions& options, Rng& rng) {
  Surface surface(subject, options.runtime);
  for (int i = 0; i < lines; ++i) {
    try {
      if (jumps(Walk(surface, subject, rng))) return true;
    } catch (const RunError&) {  // the line leaves the domain of an op, so it tells nothing
    }
  }
  return false;
}

}  // namespace dagrad::detail
