#pragma once

#include <cstdint>
#include <optional>

#include "dagrad/apply.hpp"
#include "dagrad/random.hpp"

/// Random values as ops. A key is an int64 scalar. The bits depend on key and element alone, never
/// on the node, a pass or threads: equal keys and attributes give equal values, and independent
/// ones need keys of their own, by `fold_in` or `split_key`.
namespace dagrad {

struct Uniform {
  Type type;
  double low = 0;
  double high = 1;
  /// What the bits are made of: stays when a graph is replayed in another dtype.
  DType drawn = type.dtype;
  using attributes =
      dagrad::attributes<&Uniform::type, &Uniform::low, &Uniform::high, &Uniform::drawn>;
  static constexpr auto name = "uniform", doc = "Uniform in [low, high) by the bits of a key.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  bool retype(DType from, DType to);
  static Samples samples(Rng& rng);
};

struct Normal {
  Type type;
  double mean = 0;
  double deviation = 1;
  /// What the bits are made of: stays when a graph is replayed in another dtype.
  DType drawn = type.dtype;
  using attributes =
      dagrad::attributes<&Normal::type, &Normal::mean, &Normal::deviation, &Normal::drawn>;
  static constexpr auto name = "normal", doc = "Normally distributed by the bits of a key.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  bool retype(DType from, DType to);
  static Samples samples(Rng& rng);
};

struct TruncatedNormal {
  Type type;
  double mean = 0;
  double deviation = 1;
  double low = -2;  ///< bounds, counted in deviations from the mean
  double high = 2;
  DType drawn = type.dtype;
  using attributes = dagrad::attributes<&TruncatedNormal::type, &TruncatedNormal::mean,
                                        &TruncatedNormal::deviation, &TruncatedNormal::low,
                                        &TruncatedNormal::high, &TruncatedNormal::drawn>;
  static constexpr auto name = "truncated_normal";
  static constexpr auto doc =
      "Normally distributed by the bits of a key, given that it is from low to high deviations off "
      "the mean.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  bool retype(DType from, DType to);
  static Samples samples(Rng& rng);
};

struct Gumbel {
  Type type;
  DType drawn = type.dtype;
  using attributes = dagrad::attributes<&Gumbel::type, &Gumbel::drawn>;
  static constexpr auto name = "gumbel";
  static constexpr auto doc = "Standard Gumbel, -log(-log(u)), by the bits of a key.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  bool retype(DType from, DType to);
  static Samples samples(Rng& rng);
};

struct Bernoulli {
  Shape shape;  ///< of the result, where the probability is a number
  double probability = 0.5;
  using attributes = dagrad::attributes<&Bernoulli::shape, &Bernoulli::probability>;
  static constexpr auto name = "bernoulli";
  static constexpr auto doc =
      "True with a probability, a number or one for each element, by the bits of a key. A "
      "probability outside of [0, 1] is an error that names its element.";
  Type infer(std::span<const Type> in) const;
  void validate(std::span<const View> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Categorical {
  std::int64_t axis = -1;
  std::int64_t samples_of_row = 1;
  bool keep_axis = false;
  using attributes =
      dagrad::attributes<&Categorical::axis, &Categorical::samples_of_row, &Categorical::keep_axis>;
  static constexpr auto name = "categorical";
  static constexpr auto doc =
      "Classes drawn by softmax(logits) along an axis and the bits of a key. A row without a "
      "distribution is an error that names it.";
  static constexpr std::size_t operands = 2;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Permutation {
  std::int64_t size = 0;
  using attributes = dagrad::attributes<&Permutation::size>;
  static constexpr auto name = "permutation";
  static constexpr auto doc = "0 … size - 1 shuffled by the bits of a key.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct FoldIn {
  static constexpr auto name = "fold_in";
  static constexpr auto doc = "A key derived from a key and a number.";
  static constexpr DTypes dtypes = i64;
  template <PlainNumber T>
  T operator()(T key, T i) const {
    return dagrad::fold_in(key.value(), i.value());
  }
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// Throws ArgumentError unless low < high, both finite; TypeError for a dtype that is no float or a
/// key that is no int64; ShapeError for a key that is no scalar.
Value uniform(const Operand& key, const Type& type, double low = 0, double high = 1);
/// Throws ArgumentError unless the mean is finite and the deviation finite and not negative; else
/// as `uniform`.
Value normal(const Operand& key, const Type& type, double mean = 0, double deviation = 1);
/// A normal variable given that it lies within mean + deviation * [low, high]: the bounds are
/// counted in deviations, as in TensorFlow and JAX, and may be infinite. Throws ArgumentError
/// unless low < high; else as `normal`.
Value truncated_normal(const Operand& key, const Type& type, double mean = 0, double deviation = 1,
                       double low = -2, double high = 2);
/// -log(-log(u)). Throws as `uniform` for key and dtype.
Value gumbel(const Operand& key, const Type& type);
/// Bools, each true with probability p; never for 0, always for 1. Throws ArgumentError for a p
/// outside of [0, 1], TypeError and ShapeError for what is no key.
Value bernoulli(const Operand& key, double p, const Shape& shape = {});
/// The same with a probability for each element: float32 or float64, whose shape the result has. A
/// run throws where one is outside of [0, 1] or NaN, naming it.
Value bernoulli(const Operand& key, const Value& p);
/// Classes, int64, drawn along an axis of logits, float32 or float64: one for each row, whose axis
/// goes, or `samples`, which take the place of the axis. -inf is never drawn; a run throws for a
/// row of -inf alone and for one that holds NaN or inf, naming it. Throws ShapeError for an axis
/// outside of the rank and for no class, TypeError for other dtypes, ArgumentError for samples < 0.
Value categorical(const Operand& key, const Operand& logits, std::int64_t axis = -1,
                  std::optional<std::int64_t> samples = {});
/// 0 … n−1 in an order of which each is as likely, int64. Throws ArgumentError for n < 0.
Value permutation(const Operand& key, std::int64_t n);
/// Different numbers give independent keys; keys and numbers broadcast.
Value fold_in(const Operand& key, const Operand& i);
/// The key of the next step, fold_in(key, -1): independent of what is made of `key` by `split_key`
/// or by `fold_in` with i >= 0.
Value next_key(const Operand& key);
/// `n` keys: the i-th is fold_in(fold_in(key, n), i). Throws ArgumentError for n < 0.
std::vector<Value> split_key(const Operand& key, int n);

}  // namespace dagrad
