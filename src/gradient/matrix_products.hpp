#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/value.hpp"
#include "src/gradient/coloring.hpp"

namespace dagrad::detail {

/// Sums of rows and of columns of a Jacobian, one for each colour.
struct MatrixProducts {
  std::vector<Value> rows;     ///< for each x, [colours of rows, x…]
  std::vector<Value> columns;  ///< for each y, [colours of columns, y…]
};

/// Appends the products: vector-Jacobian products for the colours of the elements of the ys, and
/// Jacobian-vector products for those of the elements of the xs, each as a batch. Errors begin with
/// `function`.
MatrixProducts append_products(std::string_view function, std::span<const Value> ys,
                               std::span<const Value> xs, const Bicoloring& colors);

/// All products as one vector: those of rows, colour by colour, then those of columns. In each, the
/// elements of all xs or ys follow one another. Products of columns are cast to `dtype`, that of
/// the xs.
Value joined_products(const MatrixProducts& products, DType dtype);

}  // namespace dagrad::detail
