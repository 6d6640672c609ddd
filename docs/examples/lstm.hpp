#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/dagrad.hpp"

namespace dagrad {

// [cell]
/// What a cell carries from one step to the next: its hidden state and its memory.
struct CellState {
  Value hidden, cell;
};

/// The input, forget and output gates say, from 0 to 1, how much of the change enters the memory,
/// how much of the memory stays, and how much of it is shown. The change is from -1 to 1.
struct Gates {
  Value in, forget, change, out;
};

/// One step of long short-term memory (Hochreiter and Schmidhuber 1997, Gers et al. 2000).
inline CellState advance(const CellState& before, const Gates& gates) {
  const Value cell = gates.forget * before.cell + gates.in * gates.change;
  return {gates.out * tanh(cell), cell};
}
// [/cell]

struct LstmSizes {
  std::int64_t layers = 1;
  std::int64_t width = 64;
  std::int64_t vocabulary = 65;
};

// [model]
/// Reads one token after the other: maps int64 [batch, steps] to the logits of each token's
/// successor, [batch, steps, vocabulary].
class Lstm {
 public:
  Lstm(Graph& graph, const Value& tokens, const LstmSizes& sizes, Rng rng, DType dtype = f32)
      : graph_(graph), width_(sizes.width), rng_(rng), dtype_(dtype) {
    Value x = embedding(weight("embedding", {sizes.vocabulary, sizes.width}), tokens);
    for (std::int64_t i = 0; i < sizes.layers; ++i) x = layer("layer" + std::to_string(i), x);
    const Scope scope = graph.scope("head");
    logits = affine(x, sizes.vocabulary).named("logits");
  }

  Value logits;
  std::vector<Value> weights;
  /// Updates that carry the states from run to run: a run that lists them continues where the last
  /// one ended.
  std::vector<Update> carried;

 private:
  Value layer(const std::string& name, const Value& x) {
    const Scope scope = graph_.scope(name);
    const CellState initial{zeros("hidden", x.shape()[0]), zeros("cell", x.shape()[0])};
    const Value from_input = affine(x, 4 * width_);  // for all steps at once
    const Value recurrent = weight("recurrent", {width_, 4 * width_});

    CellState state = initial;
    std::vector<Value> shown;
    for (const Value& input : unstack(from_input, 1)) {
      const Scope step = graph_.scope("step" + std::to_string(shown.size()));
      const auto part = split(input + matmul(state.hidden, recurrent), 4, 1);
      state = advance(state, {.in = sigmoid(part[0]),
                              .forget = sigmoid(part[1]),
                              .change = tanh(part[2]),
                              .out = sigmoid(part[3])});
      shown.push_back(state.hidden);
    }
    carried.push_back({initial.hidden, state.hidden});
    carried.push_back({initial.cell, state.cell});
    return stack(shown, 1);
  }
  // [/model]

  Value affine(const Value& x, std::int64_t out) {
    const Value w = weight("w", {x.shape()[x.rank() - 1], out});
    return matmul(x, w) + weight("b", {out});
  }
  Value weight(std::string_view name, const Shape& shape) {
    const double bound = 1 / std::sqrt(static_cast<double>(width_));
    return weights.emplace_back(graph_.parameter(name, rng_.uniform(shape, -bound, bound, dtype_)));
  }
  Value zeros(std::string_view name, std::int64_t batch) {
    return graph_.parameter(name, Tensor(Type{dtype_, {batch, width_}}));
  }

  Graph& graph_;
  std::int64_t width_;
  Rng rng_;
  DType dtype_;
};

// [diagonal]
/// The language model of ADBench (Srajer, Kukelova and Fitzgibbon 2018). Letters are rows of bits,
/// and all weights are diagonal, so each bit depends only on its own past. The forget and output
/// gates see the input, the input gate and the change the previous hidden state. Maps a sequence
/// [letters, bits] of the parameters' dtype to the loss of predicting each letter's successor.
class DiagonalLstm {
 public:
  DiagonalLstm(Graph& graph, const Value& sequence, std::int64_t layers, Rng rng)
      : graph_(graph), rng_(rng), bits_{sequence.dtype(), {sequence.shape()[1]}} {
    Value x = slice(sequence, 0, {.end = -1}) * weight("in");
    for (std::int64_t i = 0; i < layers; ++i) x = layer("layer" + std::to_string(i), x);
    const Value y = affine("out")(x);
    const Value log_sum = log(2 + sum(exp(y), {1}, true));  // the 2 is part of ADBench's model
    loss = -mean(slice(sequence, 0, {.begin = 1}) * (y - log_sum));
  }

  Value loss;
  std::vector<Value> weights;

 private:
  Value layer(const std::string& name, const Value& x) {
    const Scope scope = graph_.scope(name);
    const auto forget = unstack(sigmoid(affine("forget")(x)));  // for all steps at once
    const auto out = unstack(sigmoid(affine("out")(x)));
    const Affine in = affine("in"), change = affine("change");

    CellState state{zeros("hidden"), zeros("cell")};
    std::vector<Value> shown;
    for (std::size_t i = 0; i < forget.size(); ++i) {
      const Scope step = graph_.scope("step" + std::to_string(i));
      state = advance(state, {.in = sigmoid(in(state.hidden)),
                              .forget = forget[i],
                              .change = tanh(change(state.hidden)),
                              .out = out[i]});
      shown.push_back(state.hidden);
    }
    return stack(shown);
  }

  struct Affine {
    Value w, b;
    Value operator()(const Value& x) const { return x * w + b; }
  };
  Affine affine(std::string_view name) {
    const Scope scope = graph_.scope(name);
    return {weight("w"), weight("b")};
  }
  // [/diagonal]

  Value weight(std::string_view name) {
    return weights.emplace_back(
        graph_.parameter(name, rng_.uniform(bits_.shape, -1, 1, bits_.dtype)));
  }
  Value zeros(std::string_view name) { return graph_.parameter(name, Tensor(bits_)); }

  Graph& graph_;
  Rng rng_;
  Type bits_;
};

}  // namespace dagrad
