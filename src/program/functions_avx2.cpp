#define DAGRAD_BYTES 32
#define DAGRAD_REGISTER "y"
#define DAGRAD_FLOAT(arguments, word) _ZGVdN8##arguments##_##word##f
#define DAGRAD_DOUBLE(arguments, word) _ZGVdN4##arguments##_##word

#include "src/program/vector_functions.hpp"

const dagrad::detail::FunctionTable& dagrad::detail::avx2_functions() {
  static const FunctionTable table = make_table(InstructionSet::avx2);
  return table;
}
