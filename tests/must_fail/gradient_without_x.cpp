// expect: no matching function for call to
#include <dagrad/dagrad.hpp>

auto slopes(const dagrad::Value& y, const std::vector<dagrad::Seeded>& xs) {
  return dagrad::gradient(y, xs);
}
