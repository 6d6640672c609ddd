#pragma once

#include <cstddef>
#include <vector>

namespace dagrad::detail {

/// Makes the rows of a matrix orthonormal, or its columns if those are fewer, by the method of Gram
/// and Schmidt. If the elements are independent and normal, the result is uniformly distributed
/// over all such matrices. It sums in an order of its own, so all machines get the same bits.
void make_orthonormal(std::vector<double>& matrix, std::size_t rows);

}  // namespace dagrad::detail
