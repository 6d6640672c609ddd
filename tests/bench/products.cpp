#include "tests/bench/products.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "dagrad/kernels/gemm.hpp"
#include "dagrad/runtime.hpp"
#ifdef DAGRAD_BENCH_OPENBLAS
#include <cblas.h>
#endif
#ifdef DAGRAD_BENCH_ONEDNN
#include <oneapi/dnnl/dnnl.hpp>
// Of the OpenMP runtime that oneDNN was built with. Some compilers lack its header.
extern "C" void omp_set_num_threads(int threads);
#endif

namespace dagrad::bench {

namespace {

template <class T>
void by_tiles(const Multiplication<T>& x, const Crew& crew) {
  const Machine& machine = Runtime::shared().machine();
  const auto one = [&](const Parallel& parallel, std::int64_t i) {
    kernels::gemm<T>(machine, parallel, x.m, x.n, x.k,
                     {x.a + i * x.m * x.k, x.transpose_a ? x.m : x.k, x.transpose_a},
                     {x.b + i * x.k * x.n, x.transpose_b ? x.k : x.n, x.transpose_b},
                     {x.c + i * x.m * x.n, x.n, false});
  };
  if (x.batch == 1) return one(crew, 0);
  crew(x.batch, [&](std::int64_t i) { one(Inline(), i); });
}

#ifdef DAGRAD_BENCH_OPENBLAS
template <class T>
void by_openblas(const Multiplication<T>& x) {
  const auto transposed = [](bool t) { return t ? CblasTrans : CblasNoTrans; };
  const auto m = static_cast<int>(x.m), n = static_cast<int>(x.n), k = static_cast<int>(x.k);
  const int a_row = x.transpose_a ? m : k, b_row = x.transpose_b ? k : n;
  for (std::int64_t i = 0; i < x.batch; ++i) {
    const T *a = x.a + i * x.m * x.k, *b = x.b + i * x.k * x.n;
    T* c = x.c + i * x.m * x.n;
    const auto matrix_vector = [&](auto gemv) {
      gemv(CblasRowMajor, transposed(x.transpose_a), x.transpose_a ? k : m, a_row, T(1), a, a_row,
           b, 1, T(0), c, 1);
    };
    const auto product = [&](auto gemm) {
      gemm(CblasRowMajor, transposed(x.transpose_a), transposed(x.transpose_b), m, n, k, T(1), a,
           a_row, b, b_row, T(0), c, n);
    };
    if constexpr (sizeof(T) == sizeof(float))
      n == 1 ? matrix_vector(cblas_sgemv) : product(cblas_sgemm);
    else
      n == 1 ? matrix_vector(cblas_dgemv) : product(cblas_dgemm);
  }
}
#endif

#ifdef DAGRAD_BENCH_ONEDNN
void by_onednn(const Multiplication<float>& x) {
  const auto transposed = [](bool t) { return t ? 'T' : 'N'; };
  for (std::int64_t i = 0; i < x.batch; ++i)
    dnnl::sgemm(transposed(x.transpose_a), transposed(x.transpose_b), x.m, x.n, x.k, 1,
                x.a + i * x.m * x.k, x.transpose_a ? x.m : x.k, x.b + i * x.k * x.n,
                x.transpose_b ? x.k : x.n, 0, x.c + i * x.m * x.n, x.n);
}

/// oneDNN's matmul primitive.
std::function<void()> matmul_primitive(const Multiplication<float>& x) {
  using dnnl::memory;
  const auto desc = [&](std::int64_t rows, std::int64_t columns, bool t) {
    return memory::desc({x.batch, rows, columns}, memory::data_type::f32,
                        t ? memory::format_tag::acb : memory::format_tag::abc);
  };
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const auto a = desc(x.m, x.k, x.transpose_a), b = desc(x.k, x.n, x.transpose_b),
             c = desc(x.m, x.n, false);
  const dnnl::matmul primitive(dnnl::matmul::primitive_desc(dnnl::matmul::desc(a, b, c), engine));
  return [=, stream = dnnl::stream(engine)]() mutable {
    primitive.execute(stream, {{DNNL_ARG_SRC, memory(a, engine, const_cast<float*>(x.a))},
                               {DNNL_ARG_WEIGHTS, memory(b, engine, const_cast<float*>(x.b))},
                               {DNNL_ARG_DST, memory(c, engine, x.c)}});
  };
}
#endif

}  // namespace

template <class T>
std::vector<Way<T>> ways(const Crew& crew) {
  std::vector<Way<T>> all{{"dagrad", crew.threads(), [&crew](const Multiplication<T>& x) {
                             return [x, &crew] { by_tiles(x, crew); };
                           }}};
#ifdef DAGRAD_BENCH_OPENBLAS
  all.push_back(
      {"OpenBLAS", 1, [](const Multiplication<T>& x) { return [x] { by_openblas(x); }; }});
#endif
#ifdef DAGRAD_BENCH_ONEDNN
  if constexpr (sizeof(T) == sizeof(float)) {
    omp_set_num_threads(1);  // frozen into primitives when they are made
    all.push_back(
        {"oneDNN sgemm", 1, [](const Multiplication<T>& x) { return [x] { by_onednn(x); }; }});
    all.push_back({"oneDNN matmul", 1, matmul_primitive});
  }
#endif
  return all;
}

template std::vector<Way<float>> ways(const Crew&);
template std::vector<Way<double>> ways(const Crew&);

void use_vectors_in_openblas([[maybe_unused]] char** argv) {
#ifdef DAGRAD_BENCH_OPENBLAS
  const char* const choice = "OPENBLAS_CORETYPE";
  const InstructionSet set = Runtime::shared().instruction_set();
  if (std::getenv(choice) || set == InstructionSet::plain ||
      std::string_view(openblas_get_corename()) != "Prescott")
    return;
  setenv(choice, set == InstructionSet::avx512 ? "SkylakeX" : "Haswell", 1);
  execvp(argv[0], argv);
#endif
}

}  // namespace dagrad::bench
