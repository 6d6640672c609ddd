#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/config.hpp"
#include "dagrad/ops/normalization.hpp"
#include "dagrad/train/initializers.hpp"
#include "dagrad/train/network.hpp"

/// Layers: functions that make their parameters in the scope `name` of a `Network` and return a
/// value. The same calls build a network for training and for inference; only `batch_norm` and
/// `dropout` tell them apart. No layer writes out the size of a batch, so that what they make can
/// be replayed for another one.
///
/// All layers throw TypeError if x does not have the network's dtype, ArgumentError for a size
/// below 1 and for a malformed name, and otherwise as `Network::weight` and the ops that they use.
namespace dagrad::layers {

struct LinearOptions {
  bool bias = true;
  Initializer weight = initializers::glorot_uniform();
};
/// x·w + b: [..., in] gives [..., out], with weights "w" [in, out] and "b" [out], which starts at
/// 0.
Value linear(Network& network, std::string_view name, const Operand& x, std::int64_t out,
             const LinearOptions& options = {});

struct ConvOptions {
  std::vector<std::int64_t> stride = {1};
  std::vector<std::int64_t> padding = {0};
  std::vector<std::int64_t> dilation = {1};
  std::int64_t groups = 1;  ///< this and the three above: as in `Convolution`
  bool bias = true;
  Initializer weight = initializers::he_normal();
};
/// Convolution over one axis: x [N, in, L] gives [N, out, L'], with weights "w" [out, in/groups,
/// size] and "b" [out], which starts at 0.
Value conv1d(Network& network, std::string_view name, const Operand& x, std::int64_t out,
             std::int64_t size, const ConvOptions& options = {});
/// Convolution over two axes: x [N, in, H, W] gives [N, out, H', W'], with weights "w" [out,
/// in/groups, size, size] and "b" [out].
Value conv2d(Network& network, std::string_view name, const Operand& x, std::int64_t out,
             std::int64_t size, const ConvOptions& options = {});

/// Batch normalisation of x [N, C, ...], with weights "scale" [C], which starts at 1, and "shift"
/// [C], which starts at 0, and running statistics "mean" and "variance" [C]. Training normalises by
/// the statistics of the batch, and the network's updates move the running ones towards them;
/// inference normalises by the running ones.
Value batch_norm(Network& network, std::string_view name, const Operand& x,
                 const BatchNormOptions& options = {});

/// Layer normalisation over the last axes, with weights "scale", which starts at 1, and "shift",
/// which starts at 0, of the shape of these axes.
Value layer_norm(Network& network, std::string_view name, const Operand& x,
                 const NormOptions& options = {});

struct EmbeddingOptions {
  Initializer weight = initializers::normal(0, 1);
};
/// The rows of a table "w" [rows, width] that indices [...], int32 or int64, name: [..., width].
Value embedding(Network& network, std::string_view name, const Operand& indices, std::int64_t rows,
                std::int64_t width, const EmbeddingOptions& options = {});

/// Dropout: in training, sets each element to 0 with probability p and multiplies the others by 1 /
/// (1 − p), with a mask from a key "key" that each step advances; in inference, or if p is 0,
/// returns x. Throws ArgumentError for p outside of [0, 1].
Value dropout(Network& network, std::string_view name, const Operand& x, double p);

struct MultiHeadAttentionOptions {
  bool causal = false;
  std::optional<Operand> mask = {};  ///< this and the one above: as in `AttentionOptions`
  bool bias = true;
  Initializer weight = initializers::glorot_uniform();
};
/// Attention with several heads (Vaswani et al. 2017) of x [..., T, width] to itself: [..., T,
/// width]. Queries, keys and values are made by linear layers "query", "key" and "value" of the
/// same width, and their attention passes through a linear layer "out". Throws ShapeError if
/// `heads` does not divide the width.
Value multi_head_attention(Network& network, std::string_view name, const Operand& x,
                           std::int64_t heads, const MultiHeadAttentionOptions& options = {});
/// The same of x to others [..., S, width of others], from which keys and values are made.
Value multi_head_attention(Network& network, std::string_view name, const Operand& x,
                           const Operand& others, std::int64_t heads,
                           const MultiHeadAttentionOptions& options = {});

// ---- recurrent cells

struct CellOptions {
  Initializer input = initializers::glorot_uniform();  ///< of the weights [in, width] of each gate
  Initializer recurrent = initializers::orthogonal();  ///< of those [width, width] of each gate
};

/// What an LSTM cell carries from step to step, both [..., width].
struct LstmState {
  Value hidden, memory;
};
/// One step of long short-term memory (Hochreiter and Schmidhuber 1997, Gers et al. 2000). With the
/// parts i, f, g, o of x·input + hidden·recurrent + bias: memory ← σ(f)·memory + σ(i)·tanh(g) and
/// hidden ← σ(o)·tanh(memory).
struct LstmCell {
  Value input, recurrent, bias;  ///< [in, 4·width], [width, 4·width], [4·width]
  /// The next state, for x [..., in].
  LstmState operator()(const Operand& x, const LstmState& before) const;
  /// Zeros, the state before the first step, for as many rows as x [..., in] has.
  LstmState start(const Operand& x) const;
};
/// Makes the weights "input", "recurrent" and "bias" of a cell, which then serves any number of
/// steps. The bias of the forget gate starts at 1 (Jozefowicz et al. 2015), those of the others at
/// 0.
LstmCell lstm_cell(Network& network, std::string_view name, std::int64_t in, std::int64_t width,
                   const CellOptions& options = {}, Location where = Location::here());

/// One step of a gated recurrent unit (Cho et al. 2014), in the form of cuDNN and PyTorch. With the
/// parts r, z, n of x·input + bias and the parts u, v, w of hidden·recurrent, the next hidden state
/// is (1 − keep)·tanh(n + σ(r + u)·(w + recurrent_bias)) + keep·hidden, where keep = σ(z + v).
struct GruCell {
  Value input, recurrent, bias;  ///< [in, 3·width], [width, 3·width], [3·width]
  Value recurrent_bias;          ///< [width]
  /// The next hidden state [..., width], for x [..., in].
  Value operator()(const Operand& x, const Operand& hidden) const;
  /// Zeros, the hidden state before the first step, for as many rows as x [..., in] has.
  Value start(const Operand& x) const;
};
/// Makes the weights "input", "recurrent", "bias" and "recurrent_bias" of a cell; biases start at
/// 0.
GruCell gru_cell(Network& network, std::string_view name, std::int64_t in, std::int64_t width,
                 const CellOptions& options = {}, Location where = Location::here());

}  // namespace dagrad::layers
