#include "src/check/surface.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dagrad::detail {

namespace {

std::vector<Value> joined(std::span<const Value> a, std::span<const Value> b) {
  std::vector<Value> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

}  // namespace

Surface::Surface(Subject& subject, Runtime* runtime)
    : seeds_(subject.seeds),
      point_(subject.point),
      trace_(subject),
      values_(joined(subject.ys, trace_.values()), runtime),
      gradients_(append_gradient(subject)),
      gradient_(gradients_, runtime) {
  for (Tensor& tensor : point_) x_.push_back(tensor.mutate<double>());
  for (Values* computed : {&values_, &gradient_}) {
    computed->feed(subject.feeds);
    for (std::size_t i = 0; i < x_.size(); ++i)
      computed->feed(subject.xs[i], {x_[i].data(), point_[i].type()});
  }
  set_origin();
}

void Surface::set_origin() {
  values_.compute();
  origin_y_.clear();
  double squares = 0;
  bool finite = true;
  size_ = 0;
  for (std::size_t i = 0; i < seeds_.size(); ++i) {
    const auto now = y(i), seed = seeds_[i].values<double>();
    origin_y_.emplace_back(now.begin(), now.end());
    for (std::size_t e = 0; e < now.size(); ++e) {
      finite = finite && std::isfinite(now[e]);
      squares += seed[e] * seed[e] * (1 + now[e] * now[e]);
      size_ = std::max(size_, std::abs(seed[e] * now[e]));
    }
  }
  origin_ = {0, 0, trace_(values_, seeds_.size()), finite};
  rounding_ = std::numeric_limits<double>::epsilon() * std::sqrt(squares);

  gradient_.compute();
  slopes_.clear();
  for (std::size_t i = 0; i < x_.size(); ++i) {
    const auto slopes = gradient_[i].as<double>();
    slopes_.emplace_back(slopes.begin(), slopes.end());
  }
}

ValueOnLine Surface::look() {
  values_.compute();
  ValueOnLine here;
  for (std::size_t i = 0; i < seeds_.size(); ++i) {
    const auto now = y(i), seed = seeds_[i].values<double>();
    for (std::size_t e = 0; e < now.size(); ++e) here.value += seed[e] * (now[e] - origin_y_[i][e]);
  }
  here.finite = std::isfinite(here.value);
  here.trace = trace_(values_, seeds_.size());
  return here;
}

}  // namespace dagrad::detail
