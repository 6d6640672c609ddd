// expect: dagrad: the attributes of an op must list all its data members, including inherited ones
#include <dagrad/apply.hpp>

struct Base {
  double scale = 1;
};
struct Op : Base {
  double shift = 0;
  using attributes = dagrad::attributes<&Op::shift>;
  static constexpr auto name = "op";
  template <class T>
  T operator()(T x) const {
    return scale * x + shift;
  }
};

dagrad::Op use() { return Op{}; }
