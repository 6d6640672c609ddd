#pragma once

#include "src/check/subject.hpp"

namespace dagrad::detail {

/// Holds the ys of a subject in a narrow float dtype and their gradient to those of its float64
/// copy: they may be apart by a multiple of that dtype's epsilon times the sum of magnitudes, which
/// is Σ |∂z/∂v|·|v| over all values v that lead to a result z. Nodes that decide otherwise in
/// float64 are named in the report; then, or where float32 overflows, nothing is held.
void compare_rounding(Subject& narrow, Subject& wide, const CheckOptions& options, Rng& rng,
                      CheckReport& report);

}  // namespace dagrad::detail
