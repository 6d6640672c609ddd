#include <fmt/format.h>

#include <cmath>

#include "dagrad/convert.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

namespace {

// The difference of a pair as a multiple of its bound: 0 if equal, infinite if no bound would
// suffice (a NaN or an infinity against anything else).
template <class T>
double excess(T a, T b, double relative, double absolute) {
  if (a == b) return 0;
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) && std::isnan(b)) return 0;
    if (!std::isfinite(a) || !std::isfinite(b)) return HUGE_VAL;
  }
  const double distance = std::fabs(static_cast<double>(a) - static_cast<double>(b));
  const double bound = absolute + relative * std::fabs(static_cast<double>(b));
  // Integers beyond 2^53 may differ although they are equal as doubles.
  return bound > 0 ? distance / bound : HUGE_VAL;
}

}  // namespace

Difference compare(const Tensor& a, const Tensor& b, double relative, double absolute) {
  if (a.type() != b.type()) {
    return {false,
            fmt::format("the types differ: {} and {}", to_string(a.type()), to_string(b.type()))};
  }
  return dispatch_stored(a.dtype(), [&]<class T>(std::type_identity<T>) -> Difference {
    const auto as = a.values<T>(), bs = b.values<T>();
    std::size_t worst = 0, apart = 0;
    double most = 0;
    for (std::size_t i = 0; i < as.size(); ++i) {
      const double e = excess(widen(as[i]), widen(bs[i]), relative, absolute);
      apart += !(e <= 1);
      if (!(e <= 1) && !(e <= most)) {
        most = e;
        worst = i;
      }
    }
    if (apart == 0) return {};
    const auto x = widen(as[worst]), y = widen(bs[worst]);
    return {false,
            fmt::format("{} of {} elements differ, most at {}: {} against {}, apart by {:.3g}, "
                        "allowed {:.3g}",
                        apart, as.size(), index_text(a.shape(), static_cast<std::int64_t>(worst)),
                        x, y, std::fabs(static_cast<double>(x) - static_cast<double>(y)),
                        absolute + relative * std::fabs(static_cast<double>(y)))};
  });
}

}  // namespace dagrad
