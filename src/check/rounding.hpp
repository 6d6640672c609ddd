#pragma once

#include "src/check/subject.hpp"

namespace dagrad::detail {

/// Compares the ys of a subject in a narrow float dtype and their gradient with those of its
/// float64 copy. They may differ by a multiple of that dtype's epsilon times the sum of magnitudes,
/// which is Σ |∂z/∂v|·|v| over all values v that lead to a result z. If nodes decide differently in
/// float64, the report names them and nothing is compared; nor is it if float32 overflows.
void compare_rounding(Subject& narrow, Subject& wide, const CheckOptions& options, Rng& rng,
                      CheckReport& report);

}  // namespace dagrad::detail
