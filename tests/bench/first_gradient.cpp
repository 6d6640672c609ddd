// The program that the case `start` runs: one training step of the XOR network.
#include "docs/examples/xor_network.hpp"

int main() {
  using namespace dagrad;
  Rng rng(0);
  const auto weights = [&](const Shape& shape) { return rng.uniform(shape, -1, 1); };
  const XorNetwork network(weights({2, 3}), weights({1, 3}), weights({3, 1}), weights({1, 1}));
  State state(network.graph);
  return network.train(state,
                       {{network.x, XorNetwork::inputs()}, {network.y, XorNetwork::targets()}})[0]
                     .item<double>() > 0
             ? 0
             : 1;
}
