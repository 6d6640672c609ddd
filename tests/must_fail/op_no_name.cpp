// expect: dagrad: an op needs a name: static constexpr auto name
#include <dagrad/apply.hpp>

struct Op {
  template <class T>
  T operator()(T x) const {
    return x;
  }
};

dagrad::Value use(const dagrad::Operand& x) { return dagrad::apply(Op{}, {x}); }
