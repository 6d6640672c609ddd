#pragma once

#include <optional>
#include <span>
#include <string>

#include "dagrad/random.hpp"
#include "src/check/subject.hpp"

/// What else holds an op's derivative: checks of tangents and patterns against its gradient rule.
namespace dagrad::detail {

/// Holds the Jacobian-vector product v ↦ Jv of the subject's ys against the vector-Jacobian product
/// u ↦ Jᵀu, for random u and v: ⟨Jv, u⟩ = ⟨v, Jᵀu⟩. Returns what is wrong, if anything is.
std::optional<std::string> tangent_fault(Subject subject, double tolerance, Runtime* runtime,
                                         Rng& rng);

/// Looks for an element of the Jacobian of the op at these operands that is not zero, although the
/// op's pattern has no entry there. Looks at up to `elements` elements of each result. Returns what
/// it has found, if anything.
std::optional<std::string> pattern_fault(const Op& op, std::span<const Tensor> in,
                                         std::int64_t elements, Runtime* runtime, Rng& rng);

}  // namespace dagrad::detail
