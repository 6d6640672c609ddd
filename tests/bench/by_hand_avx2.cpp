#include "tests/bench/by_hand_loops.hpp"

namespace dagrad::bench {

template <>
const ByHand<float>& by_hand_avx2() {
  return loops_by_hand<float>;
}
template <>
const ByHand<double>& by_hand_avx2() {
  return loops_by_hand<double>;
}

}  // namespace dagrad::bench
