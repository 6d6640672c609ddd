#pragma once

#include <vector>

namespace dagrad::detail {

using Numbers = std::vector<double>;

}  // namespace dagrad::detail
