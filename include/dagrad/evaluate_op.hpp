#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "dagrad/error.hpp"
#include "dagrad/op_interface.hpp"
#include "dagrad/runtime.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

struct EvaluateOptions {
  Runtime* runtime = nullptr;  ///< whose Machine computes; null: Runtime::shared()
};

/// The results of an op for these operands, computed at once and on this thread, without a graph:
/// `evaluate_op(Softmax{}, {logits})[0]`. Throws what making and running a node of the op would
/// throw, with the line of the call.
std::vector<Tensor> evaluate_op(const Op& op, std::span<const Tensor> operands,
                                const EvaluateOptions& options = {},
                                Location where = Location::here());
std::vector<Tensor> evaluate_op(const Op& op, std::initializer_list<Tensor> operands,
                                const EvaluateOptions& options = {},
                                Location where = Location::here());

}  // namespace dagrad
