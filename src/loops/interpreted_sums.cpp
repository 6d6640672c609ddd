#include "src/loops/interpreted_sums.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include "src/loops/pointers.hpp"

namespace dagrad::detail {

namespace {

/// Computes a few elements of the parts at a time, of which it keeps those that are summed.
class InterpretedSums {
 public:
  InterpretedSums(const Program& program, const LoopSpec& spec, const void* const* in,
                  void* const* out)
      : program_(program),
        spec_(spec),
        in_(in),
        out_(out),
        from_(spec.in_step.size()),
        to_(program.outputs.size()) {}

  void run(std::int64_t n) {
    const std::int64_t lanes = spec_.sums.lanes;
    std::int64_t at = 0;
    if (lanes == 0) {
      for (; at < n; at += most) add(at, std::min(most, n - at), spec_.sums.parts, at);
      return;
    }
    for (; at + 4 * lanes <= n; at += 4 * lanes) add(at, lanes, 4, 0);
    for (; at < n; at += lanes) add(at, std::min(lanes, n - at), 1, 0);
  }

 private:
  static constexpr std::int64_t most = 64;  ///< elements at a time, no fewer than lanes

  /// Computes elements of each part and adds them to the lanes from `lane` on.
  void add(std::int64_t at, std::int64_t n, int parts, std::int64_t lane) {
    for (int part = 0; part < parts; ++part) compute(at, n, part);
    std::size_t sum = 0;
    for (std::size_t i = 0; i < to_.size(); ++i) {
      if (!spec_.is_summed(i)) continue;
      program_.output_dtype(i) == f32 ? join<float>(i, sum, lane, n, parts)
                                      : join<double>(i, sum, lane, n, parts);
      ++sum;
    }
  }

  void compute(std::int64_t at, std::int64_t n, int part) {
    for (std::size_t i = 0; i < from_.size(); ++i) {
      const std::int64_t element = at * spec_.in_step[i] + part * spec_.sums.row_steps[i];
      from_[i] = static_cast<const std::byte*>(in_[i]) +
                 element * static_cast<std::int64_t>(size_of(program_.inputs[i]));
    }
    std::size_t sum = 0;
    for (std::size_t i = 0; i < to_.size(); ++i) {
      const std::int64_t element = at + part * spec_.sums.row_size;
      to_[i] = spec_.is_summed(i)
                   ? terms(sum++, part)
                   : static_cast<std::byte*>(out_[i]) +
                         element * static_cast<std::int64_t>(size_of(program_.output_dtype(i)));
    }
    interpret(program_, {from_.data(), from_.size()}, spec_.in_step, {to_.data(), to_.size()}, n);
  }

  template <class T>
  void join(std::size_t output, std::size_t sum, std::int64_t lane, std::int64_t n, int parts) {
    T* const to = static_cast<T*>(out_[output]) + lane;
    const auto* const a = reinterpret_cast<const T*>(terms(sum, 0));
    if (parts == 1) {
      for (std::int64_t i = 0; i < n; ++i) to[i] += a[i];
      return;
    }
    const auto *const b = reinterpret_cast<const T*>(terms(sum, 1)),
                      *const c = reinterpret_cast<const T*>(terms(sum, 2)),
                      *const d = reinterpret_cast<const T*>(terms(sum, 3));
    for (std::int64_t i = 0; i < n; ++i) to[i] += (a[i] + b[i]) + (c[i] + d[i]);
  }

  std::byte* terms(std::size_t sum, int part) {
    return terms_.data() + (sum * 4 + static_cast<std::size_t>(part)) * most * sizeof(double);
  }

  const Program& program_;
  const LoopSpec& spec_;
  const void* const* in_;
  void* const* out_;
  Pointers<const void*> from_;
  Pointers<void*> to_;
  alignas(64) std::array<std::byte, kernels::LoopSums::most * 4 * most * sizeof(double)> terms_;
};

}  // namespace

void interpret_sums(const Program& program, const LoopSpec& spec, const void* const* in,
                    void* const* out, std::int64_t n) {
  InterpretedSums(program, spec, in, out).run(n);
}

}  // namespace dagrad::detail
