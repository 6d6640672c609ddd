#include "src/loops/make_emitter.hpp"

#include "src/loops/avx2.hpp"
#include "src/loops/avx512.hpp"

namespace dagrad::detail {

std::unique_ptr<VectorEmitter> make_emitter(int lane_bytes, InstructionSet set) {
  if (set == InstructionSet::avx512) return std::make_unique<Avx512Emitter>(lane_bytes);
  return std::make_unique<Avx2Emitter>(lane_bytes);
}

}  // namespace dagrad::detail
