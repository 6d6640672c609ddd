#pragma once

#include <string_view>

#include "dagrad/value.hpp"

/// How much of an activation passes no gradient on. Only ops that `is_reported` names are meant.
namespace dagrad::detail {

bool is_reported(std::string_view op);
/// Whether units of the op can be dead; those of others can be saturated.
bool can_die(std::string_view op);

/// The share of dead units or of saturated elements among the results x of the op, float64[1].
Value inactive_share(const Value& x, std::string_view op);
/// How many units or elements the share is of.
double share_weight(const Value& x, std::string_view op);

}  // namespace dagrad::detail
