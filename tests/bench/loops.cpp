// Compares assembled functors of users with the same loops written by hand and vectorised by gcc
// -O3 for the same instruction set, with libmvec called through gnu::simd (by_hand_loops.hpp).

#include "tests/bench/loops.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "dagrad/number.hpp"
#include "src/loops/broadcast_loop.hpp"
#include "tests/bench/by_hand.hpp"

namespace dagrad::bench {

namespace {

constexpr double root = 0.7978845608, cubic = 0.044715;

// ---- functors as a user writes them

struct LeakyRelu {
  template <class T>
  std::vector<T> operator()(const std::vector<T>& in) const {
    return {select(in[0] > 0, in[0], 0.01 * in[0])};
  }
};

struct Gelu {
  template <class T>
  std::vector<T> operator()(const std::vector<T>& in) const {
    const T& x = in[0];
    return {0.5 * x * (1 + tanh(root * (x + cubic * x * x * x)))};
  }
};

struct GeluGradient {
  template <class T>
  std::vector<T> operator()(const std::vector<T>& in) const {
    const T &x = in[0], &dout = in[1];
    const T t = tanh(root * (x + cubic * x * x * x));
    return {dout * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * root * (1 + 3 * cubic * x * x))};
  }
};

struct AdamW {
  template <class T>
  std::vector<T> operator()(const std::vector<T>& in) const {
    const T &p = in[0], &dout = in[3];
    const T m = 0.9 * in[1] + 0.1 * dout, v = 0.999 * in[2] + 0.001 * (dout * dout);
    return {p * 0.999 - 1e-3 * (m * 1.1) / (sqrt(v * 1.2) + 1e-8), m, v};
  }
};

// ---- measurements

using Clock = std::chrono::steady_clock;

/// Seconds per call.
template <class F>
double seconds(std::size_t repeats, F&& run) {
  const auto start = Clock::now();
  for (std::size_t i = 0; i < repeats; ++i) {
    run();
    asm volatile("" ::: "memory");
  }
  return std::chrono::duration<double>(Clock::now() - start).count() / static_cast<double>(repeats);
}

template <class T>
class Race {
 public:
  Race(std::FILE* out, InstructionSet set, std::size_t n) : out_(out), cache_(set), n_(n) {
    for (std::size_t k = 0; k < arrays_.size(); ++k) {
      arrays_[k].reset(static_cast<T*>(std::aligned_alloc(64, (n * sizeof(T) + 63) / 64 * 64)));
      for (std::size_t i = 0; i < n; ++i) arrays_[k].get()[i] = T(start[k]) + T(0.001) * T(i % 100);
    }
  }
  void run(const ByHand<T>& hand) {
    T *p = at(0), *x = at(1), *v = at(2), *d = at(3), *y = at(4);
    against("leaky_relu", LeakyRelu{}, {x}, {y}, [&] { hand.leaky_relu(x, y, n_); });
    against("gelu", Gelu{}, {x}, {y}, [&] { hand.gelu(x, y, n_); });
    against("gelu gradient", GeluGradient{}, {x, d}, {y}, [&] { hand.gelu_gradient(x, d, y, n_); });
    against("adamw", AdamW{}, {p, x, v, d}, {p, x, v}, [&] { hand.adamw(p, x, v, d, n_); });
  }

 private:
  struct Free {
    void operator()(T* memory) const { std::free(memory); }
  };
  static constexpr std::array start{1.0, 0.1, 0.2, 0.3, 0.0};
  T* at(std::size_t k) const { return arrays_[k].get(); }

  template <class F, class Hand>
  void against(const char* what, const F& functor, const std::vector<const void*>& in,
               const std::vector<void*>& out, const Hand& by_hand) {
    Recorder recorder;
    std::vector<Symbol> operands;
    for (std::size_t i = 0; i < in.size(); ++i) operands.push_back(recorder.input(dtype_of<T>));
    const ProgramPtr program = std::move(recorder).finish(functor(operands), dtype_of<T>);
    const Type type{dtype_of<T>, {static_cast<std::int64_t>(n_)}};
    const detail::BroadcastLoop kernel(cache_, program, std::vector<Type>(in.size(), type),
                                       std::vector<Type>(out.size(), type));
    const auto assembled = [&] {
      for (std::int64_t t = 0; t < kernel.tasks(); ++t) kernel.run(t, in.data(), out.data());
    };
    const std::size_t repeats = std::max<std::size_t>(1, 200'000 / n_);
    double ours = std::numeric_limits<double>::infinity(), theirs = ours;
    for (int turn = 0; turn < (n_ > 1'000'000 ? 12 : 60); ++turn) {
      ours = std::min(ours, seconds(repeats, assembled));
      theirs = std::min(theirs, seconds(repeats, by_hand));
    }
    const double scale = 1e9 / static_cast<double>(n_);
    std::fprintf(out_,
                 "{\"system\": \"dagrad\", \"case\": \"loops\", \"what\": \"%s %s %s n=%zu\", "
                 "\"ns_per_element\": %.4f, \"by_hand\": %.4f, \"ratio\": %.3f}\n",
                 what, std::string(name(dtype_of<T>)).c_str(),
                 std::string(name(cache_.instruction_set())).c_str(), n_, ours * scale,
                 theirs * scale, ours / theirs);
  }

  std::FILE* out_;
  detail::LoopCache cache_;
  std::size_t n_;
  std::array<std::unique_ptr<T, Free>, start.size()> arrays_;
};

template <class T>
void race(std::FILE* out, InstructionSet set, std::size_t n) {
  Race<T>(out, set, n).run(set == InstructionSet::avx512 ? by_hand_avx512<T>() : by_hand_avx2<T>());
}

}  // namespace

void loops(std::FILE* out) {
  for (InstructionSet set : {InstructionSet::avx2, InstructionSet::avx512}) {
    if (!available(set)) continue;
    for (const std::size_t n : std::initializer_list<std::size_t>{32, 256, 65'536, 8'388'608}) {
      race<float>(out, set, n);
      race<double>(out, set, n);
    }
  }
}

}  // namespace dagrad::bench
