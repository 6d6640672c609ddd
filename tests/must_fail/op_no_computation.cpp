// expect: dagrad: an op needs a functor (template <class T> T operator()(T x) const) or
// infer and eval(const EvalContext&)
#include <dagrad/apply.hpp>

struct Op {
  static constexpr auto name = "op";
};

dagrad::Value use(const dagrad::Operand& x) { return dagrad::apply(Op{}, {x}); }
