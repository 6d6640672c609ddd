#include "dagrad/grad.hpp"
#include "dagrad/ops/structural.hpp"

namespace dagrad {

Value GradContext::dout_or_zeros(std::size_t i) const {
  return douts[i].value() ? *douts[i].value() : zeros_like(outs[i]);
}

}  // namespace dagrad
