// Matrix times vector and products with narrow results, compared with the libraries.
#include <string>

#include "dagrad/random.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/products.hpp"

namespace dagrad::bench {

namespace {

struct Sizes {
  std::int64_t m, n, k;
  bool transpose_a, transpose_b;
};

constexpr Sizes shapes[] = {
    {64, 1, 64, false, false},    {64, 1, 64, true, false},       {1024, 1, 1024, false, false},
    {1024, 1, 1024, true, false}, {4096, 1, 4096, false, false},  {4096, 1, 4096, true, false},
    {64, 10, 512, false, false},  {512, 10, 64, true, false},     {256, 10, 1024, false, false},
    {1024, 10, 256, true, false}, {10'000, 10, 100, false, false}};

std::string label(const Sizes& s) {
  return std::to_string(s.m) + "x" + std::to_string(s.n) + " of " + std::to_string(s.k) + " " +
         (s.transpose_a ? "T" : "N") + (s.transpose_b ? "T" : "N");
}

template <class T>
void time_products(const Settings& settings, const Crew& crew, const std::string& type) {
  const DType dtype = dtype_of<T>;
  Rng rng(0);
  for (const Sizes& s : shapes) {
    const Tensor a = rng.normal({s.m * s.k}, 0, 1, dtype), b = rng.normal({s.k * s.n}, 0, 1, dtype);
    std::vector<T> c(static_cast<std::size_t>(s.m * s.n));
    const Multiplication<T> x{1,
                              s.m,
                              s.n,
                              s.k,
                              s.transpose_a,
                              s.transpose_b,
                              static_cast<const T*>(a.data()),
                              static_cast<const T*>(b.data()),
                              c.data()};
    for (const Way<T>& way : ways<T>(crew)) {
      const auto step = way.prepare(x);
      print(settings, "gemm", type + " " + label(s), measure(settings.seconds / 66, 0, step),
            way.system);
    }
  }
}

}  // namespace

void narrow_products(const Settings& settings) {
  const Crew crew(settings.threads);
  time_products<float>(settings, crew, "float32");
  time_products<double>(settings, crew, "float64");
}

}  // namespace dagrad::bench
