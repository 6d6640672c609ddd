#include "dagrad/ops/pooling.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <string>

#include "dagrad/ops/reduce.hpp"
#include "ops/convolution_sizes.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/pooling_maxima.hpp"
#include "ops/pooling_windows.hpp"

namespace dagrad {

Windows::Windows(const Pooling& options, const Shape& in_shape) {
  if (in_shape.rank() != 4) throw ShapeError("needs [N, C, H, W], got " + to_string(in_shape));
  planes = in_shape[0] * in_shape[1];
  window = spatial_numbers("window", options.window, 2, 1, 1);
  stride = options.stride.empty() ? window : spatial_numbers("stride", options.stride, 2, 1, 1);
  padding = spatial_numbers("padding", options.padding, 2, 0, 0);
  for (std::size_t axis = 0; axis < 2; ++axis) {
    in[axis] = in_shape[static_cast<int>(axis) + 2];
    if (2 * padding[axis] > window[axis])
      throw ArgumentError("padding must be at most half the window " +
                          std::to_string(window[axis]) + ", got " + std::to_string(padding[axis]));
    if (in[axis] == 0) throw ShapeError("the planes of " + to_string(in_shape) + " are empty");
    const std::int64_t room = in[axis] + 2 * padding[axis];
    if (window[axis] > room)
      throw ShapeError("a window of " + std::to_string(window[axis]) + " is larger than the " +
                       std::to_string(room) + " elements of spatial axis " + std::to_string(axis) +
                       " of the input " + to_string(in_shape) + " with its padding");
    out[axis] = (room - window[axis]) / stride[axis] + 1;
  }
}

namespace {

Type pooled(const Pooling& options, const Type& in) {
  const Windows windows(options, in.shape);
  return {in.dtype, {in.shape[0], in.shape[1], windows.out[0], windows.out[1]}};
}

/// Checks that the operand has this type.
void check(const char* what, const Type& is, const Type& wanted) {
  if (is.dtype != wanted.dtype)
    throw TypeError("needs " + std::string(what) + " of " + std::string(name(wanted.dtype)) +
                    ", got " + std::string(name(is.dtype)));
  if (is.shape != wanted.shape)
    throw ShapeError("needs " + std::string(what) + " of " + to_string(wanted.shape) + ", got " +
                     to_string(is.shape));
}

double cost_of(const Pooling& options, const Shape& in) {
  const Windows windows(options, in);
  return 200 + static_cast<double>(windows.planes) * windows.work();
}

void tell_largest(const Pooling& options, const View& in, const DecisionSink& sink) {
  const Windows windows(options, in.type.shape);
  with_int_or_float(in.type.dtype, [&]<class T>(std::type_identity<T>) {
    const auto* const x = static_cast<const T*>(in.data);
    for (std::int64_t plane = 0; plane < windows.planes; ++plane)
      each_largest(windows, x + plane * windows.in_size(), std::cref(sink));
  });
}

/// Calls `run(operand 0, last operand, result)` with pointers to floats.
template <class Run>
void of_floats(const EvalContext& c, Run run) {
  with_float(c.outs[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    run(static_cast<const T*>(c.ins[0].data), static_cast<const T*>(c.ins.back().data),
        static_cast<T*>(c.outs[0].data));
  });
}

/// Takes the rows of windows together that read some thousand elements, because finding the windows
/// at an offset takes longer than reading a short row.
template <class T>
void max_of_plane(const Windows& windows, const T* in, T* out) {
  constexpr std::int64_t elements = 4096;
  const std::int64_t most = std::max<std::int64_t>(elements / windows.in[1] / windows.stride[0], 1);
  std::fill_n(out, windows.out_size(), ExtremumFold<true, T>::identity);
  for (std::int64_t row = 0; row < windows.out[0]; row += most)
    windows.each_read_of_rows(
        {row, std::min(row + most, windows.out[0])}, [&](const Windows::Reads& reads) {
          const T* const x = in + reads.element;
          T* const y = out + reads.window;
          strided(reads.count, windows.stride[1],
                  [=](auto i, auto k) { y[i] = exceeds(x[k], y[i]) ? x[k] : y[i]; });
        });
}

/// Adds up the elements that each window of a part of a row reads from a plane.
struct WindowSums {
  template <class T>
  void operator()(const Windows& windows, const T* in, std::int64_t row, Windows::Range columns,
                  double* sums) const {
    windows.each_read_of_windows(row, columns, [&](const Windows::Reads& reads) {
      const T* const x = in + reads.element;
      double* const sum = sums + (reads.window - columns.begin);
      strided(reads.count, windows.stride[1], [=](auto i, auto k) { sum[i] += x[k]; });
    });
  }
};

/// Adds up, for each element of a part of a row, the cotangents of the windows that read it.
struct ElementSums {
  template <class T>
  void operator()(const Windows& windows, const T* dout, std::int64_t row, Windows::Range columns,
                  double* sums) const {
    windows.each_read_of_elements(row, columns, [&](const Windows::Reads& reads) {
      const T* const d = dout + reads.window;
      double* const sum = sums + (reads.element - columns.begin);
      strided(reads.count, windows.stride[1], [=](auto i, auto k) { sum[k] += d[i]; });
    });
  }
};

/// Fills a plane of this size with what `add` adds up, divided by the size of a window.
template <class T, class Add>
void means_of_plane(const Windows& windows, const std::array<std::int64_t, 2>& size, const T* from,
                    T* to, Add add) {
  double sums[Windows::block];
  for (std::int64_t row = 0; row < size[0]; ++row, to += size[1])
    Windows::each_block(size[1], [&](Windows::Range columns) {
      std::fill_n(sums, columns.size(), 0);
      add(windows, from, row, columns, sums);
      for (std::int64_t i = 0; i < columns.size(); ++i)
        to[columns.begin + i] = static_cast<T>(sums[i] / windows.size());
    });
}

}  // namespace

Type MaxPool::infer(std::span<const Type> in) const { return pooled(*this, in[0]); }
void MaxPool::decisions(std::span<const View> in, std::span<const View> /*out*/,
                        const DecisionSink& sink) const {
  tell_largest(*this, in[0], sink);
}
double MaxPool::cost(const PlanContext& plan) const { return cost_of(*this, plan.in[0].shape); }

void MaxPool::eval(const EvalContext& c) const {
  const Windows windows(*this, c.in_shape(0));
  with_int_or_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const T* const in = c.in<T>(0).data();
    T* const out = c.out<T>().data();
    const bool by_vectors = has_wide_vectors(c.machine()) && WindowMaxima<T>::fit(windows);
    windows.each_plane(c.parallel, [&](std::int64_t plane) {
      const T* const x = in + plane * windows.in_size();
      T* const largest = out + plane * windows.out_size();
      if (!by_vectors || !WindowMaxima<T>(windows).run(x, largest))
        max_of_plane(windows, x, largest);
    });
  });
}

Grads MaxPool::grad(const GradContext& g) const {
  return {apply(MaxPoolGradient{*this}, {g.dout, g.in[0]})};
}

Type MaxPoolGradient::infer(std::span<const Type> in) const {
  check("a cotangent", in[0], pooled(*this, in[1]));
  return in[1];
}
void MaxPoolGradient::decisions(std::span<const View> in, std::span<const View> /*out*/,
                                const DecisionSink& sink) const {
  tell_largest(*this, in[1], sink);
}
double MaxPoolGradient::cost(const PlanContext& plan) const {
  return cost_of(*this, plan.in[1].shape);
}

void MaxPoolGradient::eval(const EvalContext& c) const {
  const Windows windows(*this, c.in_shape(1));
  of_floats(c, [&](const auto* dout, const auto* in, auto* din) {
    windows.each_plane(c.parallel, [&](std::int64_t plane) {
      auto* const to = din + plane * windows.in_size();
      std::fill_n(to, windows.in_size(), 0);
      const auto* d = dout + plane * windows.out_size();
      each_largest(windows, in + plane * windows.in_size(), [&](auto at) { to[at] += *d++; });
    });
  });
}

Grads MaxPoolGradient::grad(const GradContext& g) const {
  return {g.if_wanted(0, [&] { return apply(MaxPoolPick{*this}, {g.dout, g.in[1]}); }), zero};
}

Type MaxPoolPick::infer(std::span<const Type> in) const {
  check("x", in[0], in[1]);
  return pooled(*this, in[1]);
}
void MaxPoolPick::decisions(std::span<const View> in, std::span<const View> /*out*/,
                            const DecisionSink& sink) const {
  tell_largest(*this, in[1], sink);
}
double MaxPoolPick::cost(const PlanContext& plan) const { return cost_of(*this, plan.in[1].shape); }

void MaxPoolPick::eval(const EvalContext& c) const {
  const Windows windows(*this, c.in_shape(1));
  of_floats(c, [&](const auto* x, const auto* by, auto* out) {
    windows.each_plane(c.parallel, [&](std::int64_t plane) {
      const auto* const from = x + plane * windows.in_size();
      auto* to = out + plane * windows.out_size();
      each_largest(windows, by + plane * windows.in_size(), [&](auto at) { *to++ = from[at]; });
    });
  });
}

Grads MaxPoolPick::grad(const GradContext& g) const {
  return {g.if_wanted(0, [&] { return apply(MaxPoolGradient{*this}, {g.dout, g.in[1]}); }), zero};
}

Type AvgPool::infer(std::span<const Type> in) const { return pooled(*this, in[0]); }
double AvgPool::cost(const PlanContext& plan) const { return cost_of(*this, plan.in[0].shape); }

void AvgPool::eval(const EvalContext& c) const {
  const Windows windows(*this, c.in_shape(0));
  of_floats(c, [&]<class T>(const T* in, const T*, T* out) {
    windows.each_plane(c.parallel, [&](std::int64_t plane) {
      means_of_plane(windows, windows.out, in + plane * windows.in_size(),
                     out + plane * windows.out_size(), WindowSums());
    });
  });
}

Grads AvgPool::grad(const GradContext& g) const {
  return {apply(AvgPoolGradient{*this}, {g.dout, g.in[0]})};
}

Type AvgPoolGradient::infer(std::span<const Type> in) const {
  check("a cotangent", in[0], pooled(*this, in[1]));
  return in[1];
}
double AvgPoolGradient::cost(const PlanContext& plan) const {
  return cost_of(*this, plan.in[1].shape);
}

void AvgPoolGradient::eval(const EvalContext& c) const {
  const Windows windows(*this, c.in_shape(1));
  of_floats(c, [&]<class T>(const T* dout, const T*, T* din) {
    windows.each_plane(c.parallel, [&](std::int64_t plane) {
      means_of_plane(windows, windows.in, dout + plane * windows.out_size(),
                     din + plane * windows.in_size(), ElementSums());
    });
  });
}

Grads AvgPoolGradient::grad(const GradContext& g) const {
  return {g.if_wanted(0, [&] { return apply(AvgPool{*this}, {g.dout}); }), zero};
}

Value max_pool2d(const Operand& in, const Pooling& options) {
  const Building building("max_pool2d", {in});
  return apply(MaxPool{options}, {in});
}
Value avg_pool2d(const Operand& in, const Pooling& options) {
  const Building building("avg_pool2d", {in});
  return apply(AvgPool{options}, {in});
}

Value global_avg_pool(const Operand& in) {
  if (in.rank() != 4)
    throw ShapeError("global_avg_pool: needs [N, C, H, W], got " + to_string(in.shape()) +
                     made_at(in));
  const Building building("global_avg_pool", {in});
  return mean(in, {2, 3});
}

void list_pooling(Catalog& catalog) {
  catalog.add<MaxPool, MaxPoolGradient, MaxPoolPick, AvgPool, AvgPoolGradient>("pooling");
}

}  // namespace dagrad
