#include "ops/rows.hpp"

#include "dagrad/error.hpp"
#include "dagrad/functions.hpp"
#include "dagrad/strides.hpp"

namespace dagrad {

namespace {

/// One function as a program: run by the library, many elements at a time.
template <class T, class F>
ProgramPtr program_of(F f) {
  Recorder recorder;
  const Symbol result = f(recorder.input(dtype_of<T>));
  return std::move(recorder).finish({&result, 1}, dtype_of<T>);
}

template <class T>
void run_all(const Program& program, T* x, std::int64_t n) {
  const void* const in[] = {x};
  void* const out[] = {x};
  const std::int64_t step[] = {1};
  interpret(program, in, step, out, n);
}

}  // namespace

Rows::Rows(const Shape& shape, std::int64_t axis) {
  const AlongAxis along(shape, axis);
  count = along.outer * along.inner;
  length = along.length;
  stride = along.inner;
}

template <class T>
void exp_all(T* x, std::int64_t n) {
  static const ProgramPtr program = program_of<T>([](const Symbol& s) { return exp(s); });
  run_all(*program, x, n);
}
template <class T>
void log_all(T* x, std::int64_t n) {
  static const ProgramPtr program = program_of<T>([](const Symbol& s) { return log(s); });
  run_all(*program, x, n);
}
template void exp_all(float* x, std::int64_t n);
template void exp_all(double* x, std::int64_t n);
template void log_all(float* x, std::int64_t n);
template void log_all(double* x, std::int64_t n);

std::int64_t index_at(const View& indices, std::int64_t i) {
  const auto at = static_cast<std::size_t>(i);
  return indices.type.dtype == i32 ? indices.as<std::int32_t>()[at]
                                   : indices.as<std::int64_t>()[at];
}

void check_indices(const View& indices, std::int64_t classes) {
  for (std::int64_t i = 0; i < indices.type.elements(); ++i) {
    const std::int64_t index = index_at(indices, i);
    if (index < 0 || index >= classes)
      throw ArgumentError("index " + std::to_string(index) + " at " +
                          index_text(indices.type.shape, i) + " is outside of [0, " +
                          std::to_string(classes) + ")");
  }
}

}  // namespace dagrad
