#pragma once

#include <memory>

#include "src/exec/kernel.hpp"

namespace dagrad::detail {

/// Thrown by a step that has a result which is not finite, while the run is only watching
/// (finite.hpp).
struct NotFinite {};

/// Whether a kernel has results and operands that can be checked: a float result, and an operand of
/// which it reads the elements, unlike `full_like`.
bool can_be_checked(const Kernel& kernel);

/// A kernel that runs the given one and throws NotFinite if a result is not finite. If the given
/// one raises flags (raises_flags.hpp), it reads results only if one is raised.
std::shared_ptr<const Kernel> watching(std::shared_ptr<const Kernel> kernel);

/// A kernel that runs the given one, without overwriting operands, and throws RunError if a result
/// is not finite although all elements of the operands are.
std::shared_ptr<const Kernel> searching(std::shared_ptr<const Kernel> kernel);

}  // namespace dagrad::detail
