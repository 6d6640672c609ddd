#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/config.hpp"
#include "dagrad/sparse.hpp"
#include "dagrad/state.hpp"

namespace dagrad {

struct LeastSquaresOptions {
  int iterations = 1000;  ///< the most steps to try, at least 0
  /// Stops where a step is smaller than this share of the parameters, both scaled by the sizes of
  /// the Jacobian's columns; at least 0.
  double step_tolerance = 1e-12;
  /// Stops where a step promises to lower the sum of squares by a smaller share; at least 0.
  double value_tolerance = 1e-28;
  /// The damping of the first step, larger than 0: small if the start is good, large to begin with
  /// short steps along the steepest descent.
  double damping = 1e-3;
  JacobianBy jacobian = JacobianBy::automatic;  ///< how it is computed
  int threads = 0;                              ///< as in CompileOptions
  RunOptions run = {};                          ///< may hold a token to cancel it, or a deadline
};

/// Why the solver has stopped: the steps have become small enough; the sum of squares would barely
/// fall any more; or all iterations are made.
enum class LeastSquaresEnd : std::uint8_t { step, value, iterations };

struct LeastSquaresResult {
  LeastSquaresEnd end = LeastSquaresEnd::step;
  double value = 0;     ///< the sum of squares at the end
  int iterations = 0;   ///< steps tried
  int evaluations = 0;  ///< of the Jacobian
  /// Of each parameter, with its shape, in float64: the square roots of the diagonal of s² (JᵀJ)⁻¹,
  /// where s² is the sum of squares divided by the number of residuals less that of parameters. NaN
  /// unless there are more residuals than parameters; infinite if the Jacobian has a lower rank.
  std::vector<Tensor> deviations;
};
/// "sum of squares 513.048 after 17 steps and 12 Jacobians: the last step was small enough", or the
/// reason why it has stopped earlier.
std::string to_string(const LeastSquaresResult& result);
std::ostream& operator<<(std::ostream& out, const LeastSquaresResult& result);

/// Minimises the sum of the squares of `residuals`, of any shape, by the method of Levenberg and
/// Marquardt with exact Jacobians, which are added to the graph. Parameters are scaled by the
/// largest sizes that the columns of the Jacobian have had (Moré 1978), and the damping follows the
/// ratio of actual to predicted descent (Nielsen 1999). Each step is found by orthogonal
/// transformations of the Jacobian, so that no digits are lost in its square.
///
/// Starts from the values that the State has and leaves it at the minimum; other parameters stay as
/// they are. Parameters are float32 or float64; steps are computed in float64. The solver holds the
/// Jacobian as a dense matrix, which suits up to some hundreds of parameters.
///
/// Throws ArgumentError if there are no parameters, a value is not a parameter or is listed twice,
/// or an option is out of range; TypeError if the residuals or a parameter are not float32 or
/// float64; RunError if the residuals or their Jacobian are not finite at the start; and as
/// `jacobian` does. Runs throw as `Function::operator()` does, for example if they are cancelled;
/// the State then has the best values found.
LeastSquaresResult least_squares(const Value& residuals, ValueSpan parameters, State& state,
                                 const Feeds& feeds = {}, const LeastSquaresOptions& options = {},
                                 Location where = Location::here());

}  // namespace dagrad
