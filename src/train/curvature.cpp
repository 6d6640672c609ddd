#include "src/train/curvature.hpp"

#include <limits>
#include <utility>

namespace dagrad::detail {

namespace {

/// a += factor * b
void add_multiple(Numbers& a, double factor, const Numbers& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
}

}  // namespace

double dot(const Numbers& a, const Numbers& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void Curvature::remember(Numbers step, Numbers change) {
  const double curvature = dot(step, change);
  if (!(curvature > std::numeric_limits<double>::epsilon() * dot(change, change))) return;
  if (pairs_.size() == memory_) pairs_.pop_front();
  pairs_.push_back({std::move(step), std::move(change), curvature});
}

Numbers Curvature::direction(const Numbers& gradient) const {
  Numbers direction = gradient;
  std::vector<double> along(pairs_.size());
  for (std::size_t i = pairs_.size(); i-- > 0;) {
    along[i] = dot(pairs_[i].step, direction) / pairs_[i].curvature;
    add_multiple(direction, -along[i], pairs_[i].change);
  }
  if (!pairs_.empty()) {
    const Pair& last = pairs_.back();
    const double scale = last.curvature / dot(last.change, last.change);
    for (double& element : direction) element *= scale;
  }
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const double against = dot(pairs_[i].change, direction) / pairs_[i].curvature;
    add_multiple(direction, along[i] - against, pairs_[i].step);
  }
  for (double& element : direction) element = -element;
  return direction;
}

}  // namespace dagrad::detail
