// Nonlinear regression with certified results: the method of Levenberg and Marquardt.
#include <dagrad/train.hpp>

#include <iomanip>
#include <iostream>

#include "nist.hpp"

using namespace dagrad;

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::string folder = argv[1];
  bool all_reached = true;
  std::cout << "problem    start  steps  digits of b  digits of deviations\n" << std::fixed;

  for (const nist::Model& model : nist::models()) {
    const nist::Problem problem = nist::read(folder + "/" + model.name + ".dat");
    for (int start = 0; start < 2; ++start) {
      // [fit]
      Graph graph;
      const Value b = graph.parameter("b", nist::vector(problem.starts[start]));
      State state(graph);
      const LeastSquaresResult result =
          least_squares(nist::residuals(graph, model, problem, b), b, state);
      // [/fit]
      const double reached = nist::digits(state.get(b), problem.certified);
      const double deviations = nist::digits(result.deviations[0], problem.deviations);
      std::cout << std::left << std::setw(14) << model.name << start + 1 << std::right
                << std::setw(8) << result.iterations << std::setprecision(0) << std::setw(11)
                << std::floor(reached) << std::setw(19) << std::floor(deviations) << "\n";
      all_reached = all_reached && reached >= 6;
    }
  }
  return all_reached ? 0 : 1;
}
