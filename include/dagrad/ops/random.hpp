#pragma once

#include <cstdint>
#include <optional>

#include "dagrad/apply.hpp"
#include "dagrad/random.hpp"

/// Random values as ops. A key is an int64 scalar; of several keys, each gives the draws that it
/// would give alone, behind the axes of the keys: [k, …] for keys of [k]. The bits depend only on
/// the key and the position of the element, never on the node, on passes or on threads: equal keys
/// and attributes give equal values, and independent values need different keys, made by `fold_in`
/// or `split_key`.
namespace dagrad {

struct Uniform {
  Type type;
  double low = 0;
  double high = 1;
  /// What the bits are made of: stays when a graph is replayed in another dtype.
  DType drawn = type.dtype;
  using attributes =
      dagrad::attributes<&Uniform::type, &Uniform::low, &Uniform::high, &Uniform::drawn>;
  static constexpr auto
      name = "uniform",
      doc = "Uniformly distributed in [low, high), determined by the bits of a key.";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::leading;
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
  static constexpr auto name = "normal",
                        doc = "Normally distributed, determined by the bits of a key.";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::leading;
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
  double low = -2;  ///< the bounds, in standard deviations from the mean
  double high = 2;
  DType drawn = type.dtype;
  using attributes = dagrad::attributes<&TruncatedNormal::type, &TruncatedNormal::mean,
                                        &TruncatedNormal::deviation, &TruncatedNormal::low,
                                        &TruncatedNormal::high, &TruncatedNormal::drawn>;
  static constexpr auto name = "truncated_normal";
  static constexpr auto doc =
      "Normally distributed, conditional on lying between low and high standard deviations from "
      "the mean; determined by the bits of a key.";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::leading;
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
  static constexpr auto doc =
      "Standard Gumbel distributed, -log(-log(u)), determined by the bits of a key.";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::leading;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  bool retype(DType from, DType to);
  static Samples samples(Rng& rng);
};

struct Bernoulli {
  Shape shape;  ///< of the result, if the probability is a number
  double probability = 0.5;
  using attributes = dagrad::attributes<&Bernoulli::shape, &Bernoulli::probability>;
  static constexpr auto name = "bernoulli";
  static constexpr auto doc =
      "True with a given probability, either one number or one for each element; determined by the "
      "bits of a key. A probability outside of [0, 1] is an error that names its element.";
  static constexpr Batching batching = Batching::leading;
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
      "Classes drawn with the probabilities softmax(logits) along an axis, determined by the bits "
      "of a key. A row from which no class can be drawn is an error that names it.";
  static constexpr std::size_t operands = 2;
  static constexpr Batching batching = Batching::shifted;
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
  static constexpr auto doc =
      "A random permutation of 0 … size - 1, determined by the bits of a key.";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::leading;
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

/// Draws from the uniform distribution on [low, high). Throws ArgumentError unless low < high and
/// both are finite, and TypeError for a dtype that is not a float and for a key that is not int64.
Value uniform(const Operand& key, const Type& type, double low = 0, double high = 1);
/// Draws from a normal distribution. Throws ArgumentError unless the mean is finite and the
/// deviation is finite and not negative; otherwise as `uniform` does.
Value normal(const Operand& key, const Type& type, double mean = 0, double deviation = 1);
/// Draws from a normal distribution restricted to mean + deviation * [low, high]: as in TensorFlow
/// and JAX, the bounds are given in standard deviations. They may be infinite. Throws ArgumentError
/// unless low < high; otherwise as `normal` does.
Value truncated_normal(const Operand& key, const Type& type, double mean = 0, double deviation = 1,
                       double low = -2, double high = 2);
/// Draws from the standard Gumbel distribution, -log(-log(u)). Throws as `uniform` does for key and
/// dtype.
Value gumbel(const Operand& key, const Type& type);
/// Bools, each true with probability p: never for p = 0, always for p = 1. Throws ArgumentError for
/// p outside of [0, 1], and TypeError if the key is not int64.
Value bernoulli(const Operand& key, double p, const Shape& shape = {});
/// The same with a probability for each element, float32 or float64; the result has the shape of
/// `p`, which begins with the axes of several keys. A run throws if a probability is outside of [0,
/// 1] or NaN, naming its element.
Value bernoulli(const Operand& key, const Value& p);
/// Classes, int64, drawn along an axis of logits, float32 or float64. By default one class is drawn
/// for each row, and the axis is dropped; with `samples`, that many are drawn, and they replace the
/// axis. A class of logit -inf is never drawn. A run throws for a row of -inf alone and for a row
/// that contains NaN or inf, naming it. Throws ShapeError for an axis outside of the rank and if
/// there are no classes, TypeError for other dtypes, and ArgumentError for samples < 0.
Value categorical(const Operand& key, const Operand& logits, std::int64_t axis = -1,
                  std::optional<std::int64_t> samples = {});
/// The numbers 0 … n−1, int64, in random order; all orders are equally likely. Throws ArgumentError
/// for n < 0.
Value permutation(const Operand& key, std::int64_t n);
/// Derives a key from a key and a number: different numbers give independent keys. Keys and numbers
/// broadcast.
Value fold_in(const Operand& key, const Operand& i);
/// The key of the next step, fold_in(key, -1). It is independent of the keys that `split_key`, or
/// `fold_in` with i >= 0, derives from `key`.
Value next_key(const Operand& key);
/// Returns `n` keys, of which the i-th is fold_in(fold_in(key, n), i). Throws ArgumentError for n <
/// 0.
std::vector<Value> split_key(const Operand& key, int n);

}  // namespace dagrad
