#define DAGRAD_BYTES 64
#define DAGRAD_REGISTER "z"
#define DAGRAD_FLOAT(arguments, word) _ZGVeN16##arguments##_##word##f
#define DAGRAD_DOUBLE(arguments, word) _ZGVeN8##arguments##_##word

#include "src/program/vector_functions.hpp"

const dagrad::detail::FunctionTable& dagrad::detail::avx512_functions() {
  static const FunctionTable table = make_table(InstructionSet::avx512);
  return table;
}
