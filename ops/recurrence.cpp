#include "dagrad/ops/recurrence.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/lines.hpp"
#include "ops/pulled.hpp"

namespace dagrad {

Type Recurrence::infer(std::span<const Type> in) const {
  if (in[0].shape != in[1].shape) {
    throw ShapeError("a and b must have the same shape, got " + to_string(in[0].shape) + " and " +
                     to_string(in[1].shape));
  }
  normalize_axis(axis, in[0].shape.rank());
  return in[0];
}

namespace {

/// Lines of adjacent elements that are walked together, so that they do not wait for each other's
/// sums.
constexpr std::int64_t lines_at_once = 8;

/// Walks `count` lines that are `length` elements apart.
template <class T, class Product>
void walk_lines(const T* a, const T* b, T* w, std::int64_t count, const Lines& lines, T initial,
                Product product) {
  const std::int64_t length = lines.length(), step = lines.step();
  const auto walk = [&](auto n) {
    std::array<T, lines_at_once> last;
    last.fill(initial);
    for (std::int64_t i = 0, at = 0; i < length; ++i, at += step)
      for (std::int64_t j = 0; j < n; ++j) {
        T& x = last[static_cast<std::size_t>(j)];
        const std::int64_t here = at + j * length;
        w[here] = x;
        x = a[here] + product(x, b[here]);
      }
  };
  if (count == lines_at_once)
    walk(std::integral_constant<std::int64_t, lines_at_once>());
  else
    walk(count);
}

/// Walks `width` adjacent lines.
template <class T, class Product>
void walk_beside(const T* a, const T* b, T* w, std::int64_t width, const Lines& lines, T initial,
                 Product product) {
  const std::int64_t step = lines.step();
  std::fill_n(w, width, initial);
  for (std::int64_t i = 1; i < lines.length(); ++i, a += step, b += step, w += step)
    for (std::int64_t j = 0; j < width; ++j) w[step + j] = a[j] + product(w[j], b[j]);
}

}  // namespace

void Recurrence::eval(const EvalContext& c) const {
  const Lines lines(c.in_shape(0), axis, reverse);
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const T *const a = c.in<T>(0).data(), *const b = c.in<T>(1).data();
    T* const w = c.out<T>().data();
    const auto first = static_cast<T>(initial);
    const auto walk = [&](auto product) {
      if (lines.is_last_axis())
        lines.each_group(c.parallel, lines_at_once, [&](std::int64_t at, std::int64_t count) {
          walk_lines(a + at, b + at, w + at, count, lines, first, product);
        });
      else
        lines.each(c.parallel, [&](std::int64_t at, std::int64_t width) {
          walk_beside(a + at, b + at, w + at, width, lines, first, product);
        });
    };
    if (pulls)
      walk([](T x, T factor) { return pulled(x, factor); });
    else
      walk([](T x, T factor) { return x * factor; });
  });
}

// z is the cotangent of w, carried back to where it came from: z[i] = dout[i+1] + b[i+1] z[i+1].
Grads Recurrence::grad(const GradContext& g) const {
  const Value z = pulled_recurrence(g.dout, g.in[1], axis, !reverse);
  return {z, g.if_wanted(1, [&] { return pulls ? joint(z, g.out) : pull(z, g.out); })};
}

Samples Recurrence::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -1.5, 1.5); };
  return {{Recurrence{0, false, 1}, {x({5}), x({5})}},
          {Recurrence{1, true, 0.5}, {x({2, 4}), x({2, 4})}},
          {Recurrence{-2, false, 0}, {x({2, 3, 4}), x({2, 3, 4})}},
          {Recurrence{0, true, 2}, {x({1, 3}), x({1, 3})}},
          {Recurrence{0, false, 1}, {x({0, 3}), x({0, 3})}},
          {Recurrence{1, false, 0, true}, {x({2, 4}), x({2, 4})}},
          {.op = Recurrence{0, false, 1},
           .in = {Tensor::of<double>({1, 2, 3}), Tensor::of<double>({2, 3, 4})},
           .out = {Tensor::of<double>({1, 3, 11})}},
          {.op = Recurrence{0, true, 1},
           .in = {Tensor::of<double>({1, 2, 3}), Tensor::of<double>({2, 3, 4})},
           .out = {Tensor::of<double>({23, 7, 1})}}};
}

Value recurrence(const Operand& a, const Operand& b, std::int64_t axis, bool reverse,
                 double initial) {
  return apply(Recurrence{axis, reverse, initial}, {a, b});
}
Value pulled_recurrence(const Operand& c, const Operand& b, std::int64_t axis, bool reverse) {
  return apply(Recurrence{axis, reverse, 0, true}, {c, b});
}

void list_recurrence(Catalog& catalog) { catalog.add<Recurrence>("structural"); }

}  // namespace dagrad
