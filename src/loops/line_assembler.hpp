#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/loops/line_schedule.hpp"
#include "src/loops/line_values.hpp"
#include "src/loops/straight_line.hpp"

namespace dagrad::detail {

/// Assembles straight-line code, in time linear in its size.
class LineAssembler {
 public:
  LineAssembler(const StraightLine& line, InstructionSet set);

  Assembled run();

 private:
  static constexpr std::uint32_t none = LineStep::none;
  using Item = LineSchedule::Item;

  void sort_stores();
  void store_all(std::uint32_t step);
  void store(const StraightLine::Store& store);
  void emit(const Item& item);
  void compute(std::uint32_t s);
  void multiply_add(std::uint32_t s);
  void pick(std::uint32_t s);
  void repeat_element(int d, int a, DType dtype);
  std::array<std::uint8_t, 64> positions(const Pick& pick, DType dtype) const;
  void permute(int d, int a, DType dtype, const Pick& pick);
  void blend(int d, int a, DType dtype, const Pick& pick);
  void call_one(std::uint32_t s);
  void call_together(std::span<const std::uint32_t> calls);
  void call_function(const Operation& op);
  void repeat_first(int d, DType dtype, int lanes);
  void gather(int into, DType dtype, std::span<const std::uint32_t> elements);
  void gather_quarter(int into, DType dtype, std::span<const std::uint32_t> elements);
  void finish(const LineStep& step);
  void finish(std::uint32_t s, int d);
  Operation operation(const LineStep& step) const;
  int all_lanes(DType dtype) const { return vector_bytes(set_) / static_cast<int>(size_of(dtype)); }
  static bool is_wide(DType dtype) { return size_of(dtype) == 8; }
  bool is_avx512() const { return set_ == InstructionSet::avx512; }

  const StraightLine& line_;
  const InstructionSet set_;
  const std::unique_ptr<VectorEmitter> code_;
  const int scratch_;  ///< the first of the two scratch vectors
  const LineSchedule schedule_;
  LineMemory memory_;
  LineValues values_;
  std::vector<std::uint32_t> stores_of_;  ///< the first store of each step, in `stores_`
  std::vector<StraightLine::Store> stores_;
};

}  // namespace dagrad::detail
