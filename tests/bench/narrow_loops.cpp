// Compares assembled loops over 16-bit floats with the same loops over float32, in turns.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "dagrad/number.hpp"
#include "dagrad/tensor.hpp"
#include "src/loops/broadcast_loop.hpp"
#include "tests/bench/loops.hpp"

namespace dagrad::bench {

namespace {

constexpr std::array dtypes{f32, f16, bf16};

struct Case {
  const char* what;
  std::size_t operands;
  std::function<Symbol(const std::vector<Symbol>&)> functor;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"sum", 2, [](const auto& in) { return in[0] + in[1]; }},
      {"leaky_relu", 1, [](const auto& in) { return select(in[0] > 0, in[0], 0.01 * in[0]); }},
      {"gelu", 1, [](const auto& in) {
         const Symbol& x = in[0];
         return 0.5 * x * (1 + tanh(0.7978845608 * (x + 0.044715 * x * x * x)));
       }}};
  return all;
}

/// One case for elements of one dtype.
class Runner {
 public:
  Runner(detail::LoopCache& cache, const Case& of, DType dtype, std::int64_t n)
      : in_(of.operands, Tensor::full({dtype, {n}}, 0.5)),
        out_(detail::Storage::allocate(static_cast<std::size_t>(n) * size_of(dtype))) {
    Recorder recorder;
    std::vector<Symbol> operands;
    for (std::size_t i = 0; i < of.operands; ++i) operands.push_back(recorder.input(dtype));
    const std::array results{of.functor(operands)};
    const Type type = in_[0].type();
    const std::vector<Type> types(of.operands, type);
    kernel_ = std::make_unique<detail::BroadcastLoop>(
        cache, std::move(recorder).finish(results, dtype), types, std::array{type});
  }

  /// Seconds per run.
  double time(std::int64_t repeats) {
    using Clock = std::chrono::steady_clock;
    std::array<const void*, 2> in{};
    std::transform(in_.begin(), in_.end(), in.begin(), [](const Tensor& t) { return t.data(); });
    std::array<void*, 1> out{out_.data()};
    const auto start = Clock::now();
    for (std::int64_t i = 0; i < repeats; ++i) {
      for (std::int64_t t = 0; t < kernel_->tasks(); ++t) kernel_->run(t, in.data(), out.data());
    }
    return std::chrono::duration<double>(Clock::now() - start).count() /
           static_cast<double>(repeats);
  }

 private:
  std::vector<Tensor> in_;
  detail::Storage out_;
  std::unique_ptr<const detail::BroadcastLoop> kernel_;
};

void race(std::FILE* out, InstructionSet set, const Case& of, std::int64_t n) {
  detail::LoopCache cache(set);
  std::vector<Runner> runners;
  for (DType dtype : dtypes) runners.emplace_back(cache, of, dtype, n);
  std::array<double, dtypes.size()> best;
  best.fill(std::numeric_limits<double>::infinity());
  for (int turn = 0; turn < (n > 1'000'000 ? 12 : 60); ++turn) {
    for (std::size_t k = 0; k < best.size(); ++k) {
      best[k] = std::min(best[k], runners[k].time(std::max<std::int64_t>(1, 200'000 / n)));
    }
  }
  for (std::size_t k = 0; k < best.size(); ++k) {
    std::fprintf(out,
                 "{\"system\": \"dagrad\", \"case\": \"narrow\", \"what\": \"%s %s %s n=%ld\", "
                 "\"ns_per_element\": %.4f}\n",
                 of.what, std::string(name(dtypes[k])).c_str(), std::string(name(set)).c_str(),
                 static_cast<long>(n), best[k] * 1e9 / static_cast<double>(n));
  }
}

}  // namespace

void narrow_loops(std::FILE* out) {
  for (InstructionSet set : {InstructionSet::avx2, InstructionSet::avx512}) {
    if (!available(set)) continue;
    for (std::int64_t n : {4096, 8'388'608}) {
      for (const Case& of : cases()) race(out, set, of, n);
    }
  }
}

}  // namespace dagrad::bench
