#include "src/train/statistics_ops.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "dagrad/scratch.hpp"

namespace dagrad::detail {

namespace {

/// Elements are summed in blocks of this size, which several threads may share.
constexpr std::int64_t block = 1 << 15;

/// Sums of squares and a count, of a block or of all elements.
struct StatisticsSums {
  double value = 0, gradient = 0, update = 0;
  std::int64_t nonzero = 0;
  void add(const StatisticsSums& other) {
    value += other.value;
    gradient += other.gradient;
    update += other.update;
    nonzero += other.nonzero;
  }
};

/// The elements of the operands, or a part of them; without an update, `next` is `value`.
template <class T>
struct StatisticsOperands {
  std::span<const T> value, gradient, next;
  std::size_t size() const { return value.size(); }
  StatisticsOperands part(std::size_t begin, std::size_t length) const {
    return {value.subspan(begin, length), gradient.subspan(begin, length),
            next.subspan(begin, length)};
  }
};

template <class T>
StatisticsOperands<T> operands_of(const EvalContext& c) {
  return {c.in<T>(0), c.in<T>(1), c.in<T>(c.ins.size() == 3 ? 2 : 0)};
}

/// Factors that bring the elements of each operand close to 1.
struct StatisticsScales {
  double value = 1, gradient = 1, update = 1;
};

template <class T>
StatisticsSums sum_exactly(const StatisticsOperands<T>& x, const StatisticsScales& scales = {}) {
  StatisticsSums sums;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto now = static_cast<double>(x.value[i]), slope = static_cast<double>(x.gradient[i]);
    const double value = now * scales.value, gradient = slope * scales.gradient;
    const double update = (static_cast<double>(x.next[i]) - now) * scales.update;
    sums.add({value * value, gradient * gradient, update * update, slope != 0});
  }
  return sums;
}

// Four elements at once, which every x86-64 has instructions for.
constexpr std::size_t lanes = 4;
typedef float Floats __attribute__((vector_size(16)));
typedef std::int32_t Counts __attribute__((vector_size(16)));

Floats load(const float* from) {
  Floats floats;
  std::memcpy(&floats, from, sizeof floats);
  return floats;
}

/// Sums in float32 of a multiple of four elements.
StatisticsSums sum_quickly(const StatisticsOperands<float>& x) {
  Floats values{}, gradients{}, updates{};
  Counts nonzero{};
  for (std::size_t i = 0; i < x.size(); i += lanes) {
    const Floats value = load(&x.value[i]), gradient = load(&x.gradient[i]);
    const Floats update = load(&x.next[i]) - value;
    values += value * value;
    gradients += gradient * gradient;
    updates += update * update;
    nonzero -= gradient != 0;  // a comparison gives -1 where it is true
  }
  StatisticsSums sums;
  for (std::size_t lane = 0; lane < lanes; ++lane)
    sums.add({values[lane], gradients[lane], updates[lane], nonzero[lane]});
  return sums;
}

/// Whether a sum of squares in float32 is as good as one in float64: nothing has overflowed, and
/// what has underflowed does not show.
bool is_good(double sum) { return sum > 0x1p-96 && sum < 0x1p126; }

template <class T>
StatisticsSums sum_block(const StatisticsOperands<T>& x, const StatisticsScales& scales) {
  if constexpr (std::is_same_v<T, float>) {
    constexpr std::size_t chunk = 256;  // few enough that rounding in float32 does not show
    StatisticsSums sums;
    for (std::size_t begin = 0; begin < x.size(); begin += chunk) {
      const auto part = x.part(begin, std::min(chunk, x.size() - begin));
      const std::size_t whole = part.size() / lanes * lanes;
      const StatisticsSums quick = sum_quickly(part.part(0, whole));
      const bool good = is_good(quick.value) && is_good(quick.gradient) && is_good(quick.update);
      if (good) sums.add(quick);
      const std::size_t done = good ? whole : 0;
      sums.add(sum_exactly(part.part(done, part.size() - done)));
    }
    return sums;
  } else {
    return sum_exactly(x, scales);
  }
}

template <class T>
StatisticsSums sum_all(const EvalContext& c, const StatisticsScales& scales) {
  const StatisticsOperands<T> x = operands_of<T>(c);
  const auto size = static_cast<std::int64_t>(x.size());
  auto* const parts = static_cast<StatisticsSums*>(c.scratch());
  c.parallel.ranges(size, block, [&](std::int64_t begin, std::int64_t end) {
    parts[begin / block] = sum_block(
        x.part(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)), scales);
  });
  StatisticsSums sums;
  for (std::int64_t i = 0; i * block < size; ++i) sums.add(parts[i]);
  return sums;
}

/// Whether squares may have overflowed, or underflowed so far that the norm shows it.
bool out_of_range(double sum) { return sum < 0x1p-900 || std::isinf(sum); }

/// The factor for elements of at most this size, a power of two.
double scale_for(double largest) {
  if (!(largest > 0) || std::isinf(largest)) return 1;
  return std::ldexp(1.0, -std::clamp(std::ilogb(largest), -1000, 1000));
}

StatisticsScales scales_of(const StatisticsOperands<double>& x) {
  double value = 0, gradient = 0, update = 0;
  for (std::size_t i = 0; i < x.value.size(); ++i) {
    value = std::max(value, std::fabs(x.value[i]));
    gradient = std::max(gradient, std::fabs(x.gradient[i]));
    update = std::max(update, std::fabs(x.next[i] - x.value[i]));
  }
  return {scale_for(value), scale_for(gradient), scale_for(update)};
}

template <class T>
void evaluate_statistics(const EvalContext& c) {
  StatisticsScales scales;
  StatisticsSums sums = sum_all<T>(c, scales);
  const bool updated = c.ins.size() == 3;
  if constexpr (std::is_same_v<T, double>) {  // squares of other floats are in range
    if (out_of_range(sums.value) || out_of_range(sums.gradient) ||
        (updated && out_of_range(sums.update))) {
      scales = scales_of(operands_of<double>(c));
      sums = sum_all<T>(c, scales);
    }
  }
  const auto out = c.out<double>();
  out[0] = std::sqrt(sums.value) / scales.value;
  out[1] = std::sqrt(sums.gradient) / scales.gradient;
  out[2] =
      updated ? std::sqrt(sums.update) / scales.update : std::numeric_limits<double>::quiet_NaN();
  out[3] = static_cast<double>(sums.nonzero);
}

template <class T>
std::int32_t is_alive(T x) {
  if constexpr (is_stored_only(dtype_of<T>))
    return is_alive(static_cast<float>(x));
  else
    return !(x <= 0);  // NaN is not dead
}

template <class T>
std::int32_t any_alive(const T* x, std::size_t size) {
  return std::any_of(x, x + size, is_alive<T>);
}

/// Marks the units that are alive in one row.
template <class T>
void add_alive(const T* row, std::span<std::int32_t> alive) {
  for (std::size_t unit = 0; unit < alive.size(); ++unit) alive[unit] |= is_alive(row[unit]);
}

template <class T>
double dead_share(const View& x, std::int64_t axis, std::span<std::int32_t> alive) {
  const Shape& shape = x.type.shape;
  std::size_t inner = 1;
  for (int i = static_cast<int>(axis) + 1; i < shape.rank(); ++i)
    inner *= static_cast<std::size_t>(shape[i]);
  const std::size_t units = alive.size();
  const auto elements = x.as<T>();
  std::fill(alive.begin(), alive.end(), std::int32_t{0});
  for (const T *at = elements.data(), *end = at + elements.size(); at != end; at += units * inner)
    if (inner == 1)
      add_alive(at, alive);
    else
      for (std::size_t unit = 0; unit < units; ++unit)
        alive[unit] |= any_alive(at + unit * inner, inner);
  const auto dead = std::count(alive.begin(), alive.end(), std::int32_t{0});
  return static_cast<double>(dead) / static_cast<double>(units);
}

template <class T, class F>
double share_of(std::span<const T> x, F is_small) {
  std::int64_t count = 0;
  for (const T element : x) count += is_small(static_cast<float>(element));
  return static_cast<double>(count) / static_cast<double>(x.size());
}

/// Slopes as functions of the result y: y (1 - y) of sigmoid, at most 1/4; 1 - y² of tanh; (1 -
/// |y|)² of softsign, small where |y| > 1 - √0.05. hard_sigmoid is straight between 0 and 1.
template <class T>
double saturated_share(std::span<const T> x, std::string_view activation) {
  constexpr float small = 0.05F, beyond = 1 - 0.2236068F;
  if (activation == "sigmoid") return share_of(x, [](float y) { return y * (1 - y) < small / 4; });
  if (activation == "tanh") return share_of(x, [](float y) { return 1 - y * y < small; });
  if (activation == "softsign") return share_of(x, [](float y) { return std::fabs(y) > beyond; });
  return share_of(x, [](float y) { return y <= 0 || y >= 1; });
}

/// Of reading all elements of the operands, in nanoseconds.
double cost_of_reading(const PlanContext& plan) {
  double elements = 0;
  for (const Type& type : plan.in) elements += static_cast<double>(type.elements());
  return 50 + 0.4 * elements;
}

/// Calls `f` with the C++ type of a float dtype.
template <class F>
void with_stored_float(DType dtype, F&& f) {
  dispatch_stored(dtype, [&]<class T>(std::type_identity<T> type) {
    if constexpr (is_float(dtype_of<T>)) f(type);
  });
}

}  // namespace

Type GradientStatisticsOp::infer(std::span<const Type> in) const {
  if (in.size() != 2 && in.size() != 3)
    throw ArgumentError("takes a value, its gradient and the updated value");
  for (const Type& type : in)
    if (type != in[0])
      throw TypeError("the value is " + to_string(in[0]) +
                      ", but the gradient or the updated value is " + to_string(type));
  return {f64, {results}};
}

std::size_t GradientStatisticsOp::scratch(const PlanContext& plan) const {
  const std::int64_t blocks = (plan.in[0].elements() + block - 1) / block;
  return static_cast<std::size_t>(blocks) * sizeof(StatisticsSums);
}

double GradientStatisticsOp::cost(const PlanContext& plan) const { return cost_of_reading(plan); }

void GradientStatisticsOp::eval(const EvalContext& c) const {
  with_stored_float(c.ins[0].type.dtype,
                    [&]<class T>(std::type_identity<T>) { evaluate_statistics<T>(c); });
}

Type DeadShare::infer(std::span<const Type> in) const {
  if (axis < 0 || axis >= in[0].shape.rank())
    throw ShapeError("has no axis " + std::to_string(axis) + ": " + to_string(in[0]));
  return {f64, {1}};
}

std::size_t DeadShare::scratch(const PlanContext& plan) const {
  return static_cast<std::size_t>(plan.in[0].shape[static_cast<int>(axis)]) * sizeof(std::int32_t);
}

double DeadShare::cost(const PlanContext& plan) const { return cost_of_reading(plan); }

void DeadShare::eval(const EvalContext& c) const {
  const std::span alive(static_cast<std::int32_t*>(c.scratch()),
                        static_cast<std::size_t>(c.in_shape(0)[static_cast<int>(axis)]));
  with_stored_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    c.out<double>()[0] = dead_share<T>(c.ins[0], axis, alive);
  });
}

Type SaturatedShare::infer(std::span<const Type>) const { return {f64, {1}}; }

double SaturatedShare::cost(const PlanContext& plan) const { return cost_of_reading(plan); }

void SaturatedShare::eval(const EvalContext& c) const {
  with_stored_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    c.out<double>()[0] = saturated_share(c.in<T>(0), activation);
  });
}

}  // namespace dagrad::detail
