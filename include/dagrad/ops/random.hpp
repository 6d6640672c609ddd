#pragma once

#include "dagrad/graph.hpp"
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
/// Different numbers give independent keys; keys and numbers broadcast.
Value fold_in(const Operand& key, const Operand& i);
/// The key of the next step, fold_in(key, -1): independent of what is made of `key` by `split_key`
/// or by `fold_in` with i >= 0.
Value next_key(const Operand& key);
/// `n` keys: the i-th is fold_in(fold_in(key, n), i). Throws ArgumentError for n < 0.
std::vector<Value> split_key(const Operand& key, int n);

}  // namespace dagrad
