#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/create.hpp"
#include "dagrad/ops/index.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/sparse.hpp"
#include "src/gradient/coloring.hpp"
#include "src/gradient/derive.hpp"
#include "src/gradient/matrix_memory.hpp"
#include "src/gradient/matrix_products.hpp"
#include "src/gradient/sparsity.hpp"
#include "src/graph/data.hpp"
#include "src/graph/told_at.hpp"

namespace dagrad {

namespace detail {

namespace {

Coloring each_apart(std::int64_t size) {
  Coloring coloring{std::vector<std::int32_t>(static_cast<std::size_t>(size)),
                    static_cast<std::int32_t>(size)};
  std::iota(coloring.colors.begin(), coloring.colors.end(), 0);
  return coloring;
}
Coloring uncolored(std::int64_t size) {
  return {std::vector<std::int32_t>(static_cast<std::size_t>(size), Coloring::none), 0};
}

/// A matrix to be computed, and how: its rows are the elements of the ys, its columns those of the
/// xs.
struct Plan {
  std::string_view function;  ///< that the user called
  std::span<const Value> ys, xs;
  bool symmetric;
  std::int64_t rows = total_elements(ys), columns = total_elements(xs);
  std::optional<SparsityPattern> pattern = {};
  bool compressed = false;
  Bicoloring colors = {};
};

void take_rows(Plan& plan) { plan.colors = {each_apart(plan.rows), uncolored(plan.columns)}; }
void take_columns(Plan& plan) { plan.colors = {uncolored(plan.rows), each_apart(plan.columns)}; }
/// Rows or columns, whichever are fewer. A Hessian is computed by rows.
void take_fewer(Plan& plan) {
  if (plan.columns < plan.rows)
    take_columns(plan);
  else
    take_rows(plan);
}

void compress(Plan& plan) {
  plan.compressed = true;
  if (plan.symmetric)
    plan.colors = {color_symmetric(*plan.pattern), uncolored(plan.columns)};
  else
    plan.colors = color_both(*plan.pattern);
}

/// Compressed products are one vector, which has one dtype.
bool of_one_dtype(std::span<const Value> values) {
  return std::ranges::all_of(
      values, [&](const Value& value) { return value.dtype() == values.front().dtype(); });
}

/// Decides on the products. The pattern is searched for if it is needed, or if `by` leaves the
/// choice.
void choose(Plan& plan, JacobianBy by, bool sparse) {
  const bool free = by == JacobianBy::automatic && of_one_dtype(plan.xs) && of_one_dtype(plan.ys);
  if (sparse || free || by == JacobianBy::compressed)
    plan.pattern =
        find_pattern(plan.function, plan.ys, plan.xs, Unconnected::zeros, free && !sparse);
  if (by == JacobianBy::rows || (plan.symmetric && by == JacobianBy::columns))
    return take_rows(plan);
  if (by == JacobianBy::columns) return take_columns(plan);
  if (plan.pattern) {
    compress(plan);
    if (!free || 2 * plan.colors.count() <= std::min(plan.rows, plan.columns)) return;
    plan.compressed = false;
  }
  take_fewer(plan);
}

/// Where the entries of a matrix are among its products.
class Entries {
 public:
  explicit Entries(const Plan& plan) : plan_(plan), rows_(plan.colors.rows.colors) {
    if (!plan.symmetric || !plan.compressed) return;
    const SparsityPattern& pattern = *plan.pattern;
    for (std::int64_t i = 0; i < pattern.rows(); ++i)
      for (const auto j : pattern.row(i)) ++in_sum_[key(i, color_of_row(j))];
  }

  std::int64_t position(std::int64_t row, std::int64_t column) const {
    const std::int64_t color = color_of_row(row);
    const std::int64_t other = plan_.colors.columns.colors[static_cast<std::size_t>(column)];
    if (plan_.colors.columns_first ? other != Coloring::none : color == Coloring::none)
      return plan_.colors.rows.count * plan_.columns + other * plan_.rows + row;
    const bool alone = in_sum_.empty() || in_sum_.at(key(column, color)) == 1;
    return alone ? color * plan_.columns + column : color_of_row(column) * plan_.columns + row;
  }

 private:
  std::int64_t color_of_row(std::int64_t row) const { return rows_[static_cast<std::size_t>(row)]; }
  std::uint64_t key(std::int64_t row, std::int64_t color) const {
    return static_cast<std::uint64_t>(row) << 32 | static_cast<std::uint64_t>(color);
  }

  const Plan& plan_;
  std::span<const std::int32_t> rows_;
  /// Of a star colouring: how many entries of a row have rows of that colour across the diagonal.
  std::unordered_map<std::uint64_t, std::int32_t> in_sum_;
};

/// Positions among `size` elements, as a constant of the smallest dtype that holds them.
Value constant_of(const Value& of, std::span<const std::int64_t> positions, std::int64_t size) {
  const bool narrow = size <= std::numeric_limits<std::int32_t>::max();
  Tensor tensor({narrow ? i32 : i64, {static_cast<std::int64_t>(positions.size())}});
  const auto fill = [&]<class T>(std::span<T> to) {
    std::ranges::transform(positions, to.begin(),
                           [](std::int64_t position) { return static_cast<T>(position); });
  };
  narrow ? fill(tensor.mutate<std::int32_t>()) : fill(tensor.mutate<std::int64_t>());
  return add_leaf(Access::data(of), NodeKind::constant, tensor.type(), {}, tensor, {});
}

/// The entries of the pattern in `triangle`, taken from the products.
Sparse append_sparse(const Plan& plan, Triangle triangle) {
  const SparsityPattern& all = *plan.pattern;
  if (all.entries() > std::numeric_limits<SparsityPattern::Index>::max())
    throw ArgumentError(std::string(plan.function) + ": there are " +
                        std::to_string(all.entries()) + " entries, but at most 2^31 - 1 can be " +
                        "numbered");
  Sparse sparse{SparsityPattern(0, plan.columns), {}, {}, {0}, {}, plan.colors.count()};
  const auto most = static_cast<std::size_t>(all.entries());
  std::vector<std::int64_t> positions;
  positions.reserve(most);
  sparse.rows.reserve(most);
  const Entries entries(plan);
  for (std::int64_t i = 0; i < all.rows(); ++i) {
    const std::span<const SparsityPattern::Index> row = all.row(i);
    const auto diagonal = std::ranges::lower_bound(row, i);
    const auto begin = triangle == Triangle::upper ? diagonal : row.begin();
    const auto end = triangle != Triangle::lower               ? row.end()
                     : diagonal != row.end() && *diagonal == i ? diagonal + 1
                                                               : diagonal;
    sparse.pattern.append_row({begin, end});
    for (auto at = begin; at != end; ++at) {
      sparse.rows.push_back(static_cast<SparsityPattern::Index>(i));
      positions.push_back(entries.position(i, *at));
    }
    sparse.row_starts.push_back(static_cast<SparsityPattern::Index>(positions.size()));
  }
  sparse.columns = sparse.pattern.indices();
  if (positions.empty()) {
    sparse.values = slice(reshape(zeros_like(plan.xs.front()), {-1}), 0, {0, 0});
    return sparse;
  }
  const MatrixProducts made = append_products(plan.function, plan.ys, plan.xs, plan.colors);
  const Value products = joined_products(made, plan.xs.front().dtype());
  sparse.values = take(products, constant_of(products, positions, products.size()), 0);
  return sparse;
}

using Blocks = std::vector<std::vector<Value>>;

Shape shape_of_block(const Value& y, const Value& x) {
  const Shape a = y.shape(), b = x.shape();
  std::vector<std::int64_t> dims(a.begin(), a.end());
  dims.insert(dims.end(), b.begin(), b.end());
  return Shape(dims);
}

/// Cuts the matrix into blocks. `block(i, j, row, column)` is that of the i-th y and the j-th x.
template <class Block>
Blocks cut(const Plan& plan, Block block) {
  Blocks blocks;
  std::int64_t row = 0;
  for (std::size_t i = 0; i < plan.ys.size(); row += plan.ys[i++].size()) {
    std::int64_t column = 0;
    blocks.emplace_back();
    for (std::size_t j = 0; j < plan.xs.size(); column += plan.xs[j++].size())
      blocks.back().push_back(
          reshape(block(i, j, row, column), shape_of_block(plan.ys[i], plan.xs[j])));
  }
  return blocks;
}

Value rows_from(const Value& x, std::int64_t first, std::int64_t size) {
  return size == x.shape()[0] ? x : slice(x, 0, {first, first + size});
}

Blocks append_dense(const Plan& plan) {
  if (plan.rows == 0 || plan.columns == 0)
    return cut(plan, [&](std::size_t i, std::size_t j, auto...) {
      return slice(reshape(zeros_like(plan.ys[i].size() == 0 ? plan.ys[i] : plan.xs[j]), {-1}), 0,
                   {0, plan.ys[i].size() * plan.xs[j].size()});
    });
  if (plan.compressed) {
    const Sparse sparse = append_sparse(plan, Triangle::both);
    std::vector<std::int64_t> targets;
    for (std::size_t k = 0; k < sparse.rows.size(); ++k)
      targets.push_back(std::int64_t{sparse.rows[k]} * plan.columns + sparse.columns[k]);
    const Value zeros =
        broadcast_to(zeros_like(reshape(plan.xs[0], {-1})[0]), {plan.rows * plan.columns});
    const Value flat = scatter(zeros, constant_of(zeros, targets, zeros.size()), sparse.values, 0);
    const Value matrix = reshape(flat, {plan.rows, plan.columns});
    return cut(plan, [&](std::size_t i, std::size_t j, std::int64_t row, std::int64_t column) {
      const Value rows = rows_from(matrix, row, plan.ys[i].size());
      return plan.xs[j].size() == plan.columns
                 ? rows
                 : slice(rows, 1, {column, column + plan.xs[j].size()});
    });
  }
  const MatrixProducts products = append_products(plan.function, plan.ys, plan.xs, plan.colors);
  if (!products.rows.empty())
    return cut(plan, [&](std::size_t i, std::size_t j, std::int64_t row, auto) {
      return rows_from(products.rows[j], row, plan.ys[i].size());
    });
  return cut(plan, [&](std::size_t i, std::size_t j, auto, std::int64_t column) {
    const Value of_x = rows_from(products.columns[i], column, plan.xs[j].size());
    const Value flat = reshape(of_x, {plan.xs[j].size(), plan.ys[i].size()});
    const Value turned = transpose(flat);
    return turned.dtype() == plan.xs[j].dtype() ? turned : cast(turned, plan.xs[j].dtype());
  });
}

void check_jacobian(std::string_view function, ValueSpan ys, ValueSpan xs,
                    Unconnected unconnected) {
  GraphData& graph = checked_graph(function, ys, xs);
  check_any(function, xs.size(), "x");
  if (unconnected == Unconnected::zeros) return;
  std::vector<Seeded> targets;
  for (const Value& y : ys) targets.push_back({y});
  check_connected(function, Paths(graph, targets, xs), ys, xs);
}

/// The products that a dense matrix needs are the matrix itself, unless it is compressed.
double bytes_of(const Plan& plan, bool sparse) {
  const auto m = static_cast<double>(plan.rows), n = static_cast<double>(plan.columns);
  const double products = plan.colors.rows.count * n + plan.colors.columns.count * m;
  const double entries = sparse ? static_cast<double>(plan.pattern->entries()) : m * n;
  const auto size = static_cast<double>(size_of(plan.xs[0].dtype()));
  return size * (sparse || plan.compressed ? products + entries : entries);
}

constexpr std::string_view sparse_is_smaller = ": a sparse matrix holds only what may not be zero";

/// Decides how to compute the matrix and checks its size, before anything is appended for it.
void prepare(Plan& plan, JacobianBy by, bool sparse, std::size_t memory) {
  const auto check = [&](double bytes) {
    check_memory(plan.function, plan.ys, plan.xs, bytes, memory, sparse ? "" : sparse_is_smaller);
  };
  const double elements = static_cast<double>(plan.rows) * static_cast<double>(plan.columns);
  if (!sparse) check(elements * static_cast<double>(size_of(plan.xs[0].dtype())));
  choose(plan, by, sparse);
  check(bytes_of(plan, sparse));
}

/// The gradient whose Jacobian is the Hessian.
std::vector<Value> slopes_of(std::string_view function, const Value& y, ValueSpan xs,
                             Unconnected unconnected) {
  const Seeded target{y};
  return reverse_mode(function, {&target, 1}, xs, unconnected, {});
}

/// Runs `make`, which appends a matrix. Its errors get the line of the call.
template <class Make>
auto append_matrix(ValueSpan ys, Location where, Make make) {
  return told_at(where, [&] {
    if (ys.empty() || ys.front().empty()) return make();
    const Building building(ys, where);
    return make();
  });
}

}  // namespace

}  // namespace detail

std::vector<std::vector<Value>> jacobian(ValueSpan ys, ValueSpan xs, const JacobianOptions& options,
                                         Location where) {
  return detail::append_matrix(ys, where, [&] {
    detail::check_jacobian("jacobian", ys, xs, options.unconnected);
    detail::Plan plan{"jacobian", ys, xs, false};
    detail::prepare(plan, options.by, false, options.memory);
    return detail::append_dense(plan);
  });
}
Value jacobian(const Value& y, const Value& x, const JacobianOptions& options, Location where) {
  return jacobian(ValueSpan(y), ValueSpan(x), options, where)[0][0];
}

Sparse sparse_jacobian(ValueSpan ys, ValueSpan xs, const JacobianOptions& options, Location where) {
  return detail::append_matrix(ys, where, [&] {
    detail::check_jacobian("sparse_jacobian", ys, xs, options.unconnected);
    detail::Plan plan{"sparse_jacobian", ys, xs, false};
    detail::prepare(plan, options.by, true, options.memory);
    return detail::append_sparse(plan, Triangle::both);
  });
}

std::vector<std::vector<Value>> hessian(const Value& y, ValueSpan xs, const HessianOptions& options,
                                        Location where) {
  return detail::append_matrix(y, where, [&] {
    detail::check_jacobian("hessian", y, xs, options.unconnected);
    const auto slopes = detail::slopes_of("hessian", y, xs, options.unconnected);
    detail::Plan plan{"hessian", slopes, xs, true};
    detail::prepare(plan, options.by, false, options.memory);
    return detail::append_dense(plan);
  });
}
Value hessian(const Value& y, const Value& x, const HessianOptions& options, Location where) {
  return hessian(y, ValueSpan(x), options, where)[0][0];
}

Sparse sparse_hessian(const Value& y, ValueSpan xs, const HessianOptions& options, Location where) {
  return detail::append_matrix(y, where, [&] {
    detail::check_jacobian("sparse_hessian", y, xs, options.unconnected);
    const auto slopes = detail::slopes_of("sparse_hessian", y, xs, options.unconnected);
    detail::Plan plan{"sparse_hessian", slopes, xs, true};
    detail::prepare(plan, options.by, true, options.memory);
    return detail::append_sparse(plan, options.triangle);
  });
}

}  // namespace dagrad
