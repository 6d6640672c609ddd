#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "dagrad/instruction_set.hpp"
#include "dagrad/program.hpp"

// The life of a routine, here of the steps `h = x * w` and `y = exp(h)` on two float64 with AVX2:
//
//   StraightLine   0: load x   1: load w   2: mul 0 1   3: exp 2   (store 3)
//      |
//      |           line_schedule.hpp orders the steps: calls as late as possible, and together
//      where |           independent ones of the same function can share the lanes of a vector
//      v
//   LineSchedule   mul 0 1, exp 2
//      |
//      |           line_assembler.hpp walks through them once; line_values.hpp decides meanwhile
//      v           which value is in which register, and which on the scratch memory
//   instructions   vmovups xmm0, [r14]   vmulpd xmm0, xmm0, [r15]   vbroadcastsd …   call   vmovups

namespace dagrad::detail {

/// A location: a byte of the memory of a slot.
struct Place {
  std::uint32_t slot = 0, byte = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

/// A step on a few elements of the same dtype, which lie in the lanes of one vector.
struct LineStep {
  static constexpr std::uint32_t none = Instruction::none;
  enum class Kind : std::uint8_t {
    load,         ///< the elements from place `data` on
    repeat,       ///< the element at place `data`, in all lanes
    constant,     ///< the bits of constant `data`, in all lanes
    pick,         ///< lanes of `a`, and of `b` where pick `data` says so
    compute,      ///< a primitive
    multiply_add  ///< a * b + c, rounded once
  };
  Kind kind = Kind::compute;
  Primitive primitive = Primitive::add;
  DType dtype = f64;          ///< of the result
  DType operand_dtype = f64;  ///< for `select`, that of the two sides
  std::uint8_t lanes = 1;
  std::uint32_t a = none, b = none, c = none;
  std::uint32_t data = 0;
  bool is_leaf() const { return kind <= Kind::constant; }
};

/// Lane i of the result is lane `from[i]` of `a` if bit i of `mask` is set, else lane i of `b`.
struct Pick {
  std::array<std::uint8_t, 16> from{};
  std::uint16_t mask = 0;
  friend auto operator<=>(const Pick&, const Pick&) = default;
};

/// Code without branches over elements in the memory of slots. Steps only name earlier ones. All
/// dtypes are float32, float64, int32, int64 and bool, but constants and picks are numbers.
class StraightLine {
 public:
  struct Store {
    std::uint32_t step = 0;
    Place to;
    int lanes = 1;  ///< the first lanes of the value
    /// Whether earlier steps may read what is overwritten, so that this is to be done at the end.
    bool at_end = false;
  };

  /// Lanes are as wide as the widest dtype.
  StraightLine(int bytes_of_lane, int bytes_of_vector)
      : lane_bytes(bytes_of_lane), lanes(bytes_of_vector / bytes_of_lane) {}

  std::uint32_t load(DType dtype, Place from, int n);
  /// An element in n lanes.
  std::uint32_t repeat(DType dtype, Place from, int n);
  std::uint32_t constant(DType dtype, std::uint64_t bits, int n);
  std::uint32_t add(const LineStep& step);
  std::uint32_t pick(std::uint32_t a, std::uint32_t b, const Pick& pick, int n);
  void store(std::uint32_t step, Place to, int n, bool at_end) {
    stores.push_back({step, to, n, at_end});
  }

  int lane_bytes, lanes;
  std::vector<LineStep> steps;
  std::vector<Place> places;
  std::vector<std::uint64_t> constants;
  std::vector<Pick> picks;
  std::vector<Store> stores;

 private:
  /// What makes a leaf: the bits of a constant or a place, and kind, dtype and lanes.
  struct LeafKey {
    std::uint64_t from = 0;
    std::uint32_t as = 0;
    friend bool operator==(const LeafKey&, const LeafKey&) = default;
  };
  struct LeafHash {
    std::size_t operator()(const LeafKey& key) const noexcept {
      const std::uint64_t hash = (key.from ^ std::uint64_t{key.as} << 40) * 0x9e3779b97f4a7c15U;
      return hash ^ hash >> 32;
    }
  };
  static LeafKey leaf_key(LineStep::Kind kind, DType dtype, std::uint64_t from, int n) {
    return {from, static_cast<std::uint32_t>(kind) << 16 | static_cast<std::uint32_t>(dtype) << 8 |
                      static_cast<std::uint32_t>(n)};
  }
  std::uint32_t leaf(LineStep::Kind kind, DType dtype, Place place, int n);
  std::unordered_map<LeafKey, std::uint32_t, LeafHash> known_;
};

/// The lanes of the narrowest registers that hold n lanes: one; or those of 16, 32 or 64 bytes.
constexpr int register_lanes(int n, int lane_bytes) {
  if (n == 1) return 1;
  int lanes = 16 / lane_bytes;
  while (lanes < n) lanes *= 2;
  return lanes;
}

/// The entry point of a routine: the address of each slot, and the scratch memory.
using RoutineEntry = void (*)(void* const* address, void* scratch);

/// Machine code, which is position-independent, and the scratch memory that it needs, in bytes.
struct Assembled {
  std::vector<std::uint8_t> code;
  std::size_t scratch = 0;
};

/// Bytes of a vector.
constexpr int vector_bytes(InstructionSet set) { return set == InstructionSet::avx512 ? 64 : 32; }

/// Whether there is an assembler for the instruction set.
bool has_assembler(InstructionSet set);
/// Whether a step of a lowered program has a form in straight-line code.
bool has_straight_line_form(const Program& program, const Instruction& step, InstructionSet set);
/// Assembles straight-line code. Empty without an assembler.
Assembled assemble(const StraightLine& line, InstructionSet set);

}  // namespace dagrad::detail
