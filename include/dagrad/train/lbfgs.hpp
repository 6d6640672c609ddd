#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/config.hpp"
#include "dagrad/state.hpp"

namespace dagrad {

struct LbfgsOptions {
  int memory = 10;        ///< pairs of steps and changes of the gradient that are kept, at least 1
  int iterations = 1000;  ///< the most to make, at least 0
  int evaluations = 30;   ///< the most in one line search, at least 1
  /// Stops where no element of the gradient is larger in size; at least 0.
  double gradient_tolerance = 1e-6;
  /// Stops after an iteration that lowers the loss by a smaller share of its size; at least 0.
  double value_tolerance = 1e-9;
  double sufficient_decrease = 1e-4;  ///< c₁ of the strong Wolfe conditions, 0 < c₁ < c₂
  double curvature = 0.9;             ///< c₂, less than 1
  int threads = 0;                    ///< as in CompileOptions
  RunOptions run = {};                ///< may hold a token to cancel it, or a deadline
};

/// Why L-BFGS has stopped: the gradient is small enough; the loss barely falls any more; all
/// iterations are made; or no lower point was found along the steepest slope, as happens when the
/// precision of the loss is reached or if its gradient is wrong.
enum class LbfgsEnd : std::uint8_t { gradient, value, iterations, no_descent };

struct LbfgsResult {
  LbfgsEnd end = LbfgsEnd::gradient;
  double value = 0;            ///< the loss at the end
  double gradient = 0;         ///< the size of the largest element of its gradient
  int iterations = 0;          ///< made
  int evaluations = 0;         ///< of the loss and its gradient, together
  std::vector<double> losses;  ///< at the start and after each iteration
};
/// "loss 4e-21 after 34 iterations and 46 evaluations: no element of the gradient is larger than
/// 3e-10", or the reason why it has stopped earlier.
std::string to_string(const LbfgsResult& result);
std::ostream& operator<<(std::ostream& out, const LbfgsResult& result);

/// Minimises a scalar by the limited-memory method of Broyden, Fletcher, Goldfarb and Shanno (Liu
/// and Nocedal 1989) with a line search for the strong Wolfe conditions. It suits losses that are
/// smooth and the same in every evaluation: all of the data is in the feeds, and nothing is random.
///
/// Starts from the values that the State has and leaves it at the minimum; other parameters stay as
/// they are. Parameters are float32 or float64; steps are computed in float64. The gradient is
/// added to the graph.
///
/// Throws ArgumentError if there are no parameters, a value is not a parameter or is listed twice,
/// or an option is out of range; ShapeError or TypeError if the loss is not a float scalar or a
/// parameter is not float32 or float64; RunError if the loss or its gradient is not finite at the
/// start. Runs throw as `Function::operator()` does, for example if they are cancelled; the State
/// then has the values of the last complete iteration.
LbfgsResult lbfgs(const Value& loss, ValueSpan parameters, State& state, const Feeds& feeds = {},
                  const LbfgsOptions& options = {}, Location where = Location::here());

}  // namespace dagrad
