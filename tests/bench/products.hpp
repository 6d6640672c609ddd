#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tests/bench/crew.hpp"

/// The same matrix product by our own tiles and by the libraries that dagrad links.
namespace dagrad::bench {

/// `batch` products c = a · b of matrices that lie one after the other, each row-major.
template <class T>
struct Multiplication {
  std::int64_t batch = 1, m = 0, n = 0, k = 0;
  bool transpose_a = false, transpose_b = false;  ///< a is stored [k,m], b is stored [n,k]
  const T *a = nullptr, *b = nullptr;
  T* c = nullptr;
};

/// A way to compute products. `prepare` makes what computes one, which refers to its matrices.
template <class T>
struct Way {
  const char* system;  ///< "dagrad" for our tiles
  int threads;         ///< how many it uses
  std::function<std::function<void()>(const Multiplication<T>&)> prepare;
};

/// Our tiles on the threads of the crew, which must outlive the ways, and the libraries on one
/// thread. For float and double.
template <class T>
std::vector<Way<T>> ways(const Crew& crew);

/// Starts this program again where OpenBLAS does not recognise the processor and would use its
/// oldest kernels: it reads the name of other ones from the environment, once, when it is loaded.
void use_vectors_in_openblas(char** argv);

}  // namespace dagrad::bench
