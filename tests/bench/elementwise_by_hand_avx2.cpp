#include "tests/bench/elementwise_by_hand_loop.hpp"

namespace dagrad::bench {

template <>
ChainByHand<float> chain_by_hand_avx2() {
  return chain_of_rows<float>;
}
template <>
ChainByHand<double> chain_by_hand_avx2() {
  return chain_of_rows<double>;
}

}  // namespace dagrad::bench
