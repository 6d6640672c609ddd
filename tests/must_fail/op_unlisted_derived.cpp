// expect: dagrad: the attributes of an op must list all its data members, including inherited ones
#include <dagrad/apply.hpp>

struct Base {
  double shift = 1;
  using attributes = dagrad::attributes<&Base::shift>;
};
struct Op : Base {  // inherits the list of its base, which lacks its own member
  double scale = 0;
  static constexpr auto name = "op";
  template <class T>
  T operator()(T x) const {
    return scale * x + shift;
  }
};

dagrad::Op use() { return Op{}; }
