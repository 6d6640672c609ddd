#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/dagrad.hpp"

namespace dagrad {

struct GptSizes {
  std::int64_t layers = 2;
  std::int64_t heads = 4;  ///< divides the width
  std::int64_t width = 64;
  std::int64_t context = 32;  ///< tokens that the model sees at once
  std::int64_t vocabulary = 65;
};

// [model]
/// GPT-2 (Radford et al. 2019) without dropout. Maps tokens, int64 [batch, context], to the logits
/// of each token's successor, [batch, context, vocabulary].
class Gpt {
 public:
  Gpt(Graph& graph, const Value& tokens, const GptSizes& sizes, Rng rng, DType dtype = f32)
      : graph_(graph), sizes_(sizes), rng_(rng), dtype_(dtype) {
    Value x = embed(tokens);
    for (std::int64_t i = 0; i < sizes.layers; ++i) {
      const Scope scope = graph.scope("block" + std::to_string(i));
      x = x + attend(x);
      x = x + think(x);
    }
    const Scope scope = graph.scope("head");
    logits = matmul(norm("norm", x), transpose(table_)).named("logits");
  }

  Value logits;
  std::vector<Value> weights;

 private:
  Value embed(const Value& tokens) {
    const Scope scope = graph_.scope("embedding");
    table_ = normal("token", {sizes_.vocabulary, sizes_.width});
    return embedding(table_, tokens) + normal("position", {sizes_.context, sizes_.width});
  }

  Value attend(const Value& x) {
    const Scope scope = graph_.scope("attention");
    const auto qkv = split(linear("in", norm("norm", x), 3 * sizes_.width), 3, -1);
    const Value seen = multi_head_attention(qkv[0], qkv[1], qkv[2], sizes_.heads, {.causal = true});
    return linear("out", seen, sizes_.width, residual());
  }

  Value think(const Value& x) {
    const Scope scope = graph_.scope("mlp");
    const Value hidden = gelu(linear("in", norm("norm", x), 4 * sizes_.width));
    return linear("out", hidden, sizes_.width, residual());
  }

  Value norm(std::string_view name, const Value& x) {
    const Scope scope = graph_.scope(name);
    const Value scale = full("scale", {sizes_.width}, 1);
    return layer_norm(x, scale, full("shift", {sizes_.width}, 0));
  }

  Value linear(std::string_view name, const Value& x, std::int64_t out, double deviation = 0.02) {
    const Scope scope = graph_.scope(name);
    const Value w = normal("w", {x.shape()[x.rank() - 1], out}, deviation);
    return matmul(x, w) + full("b", {out}, 0);
  }
  // [/model]

  /// The deviation of weights whose results are added to the residual stream, which thus keeps its
  /// size from layer to layer.
  double residual() const { return 0.02 / std::sqrt(2.0 * static_cast<double>(sizes_.layers)); }

  Value normal(std::string_view name, const Shape& shape, double deviation = 0.02) {
    return weight(name, rng_.normal(shape, 0, deviation, dtype_));
  }
  Value full(std::string_view name, const Shape& shape, double value) {
    return weight(name, Tensor::full({dtype_, shape}, value));
  }
  Value weight(std::string_view name, const Tensor& initial) {
    return weights.emplace_back(graph_.parameter(name, initial));
  }

  Graph& graph_;
  GptSizes sizes_;
  Rng rng_;
  DType dtype_;
  Value table_;  ///< one row per token; also the weights of its logit
};

}  // namespace dagrad
