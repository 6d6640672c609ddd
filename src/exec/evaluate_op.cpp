#include "dagrad/evaluate_op.hpp"

#include "dagrad/apply.hpp"
#include "src/exec/kernel.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad {

namespace {

std::vector<Tensor> evaluated(const Op& op, std::span<const Tensor> operands,
                              const EvaluateOptions& options) {
  std::vector<Type> in, out;
  for (const Tensor& tensor : operands) in.push_back(tensor.type());
  op->infer(in, out);
  const auto kernel = detail::make_kernel(op, std::move(in), std::move(out),
                                          *detail::chosen(options.runtime).data());

  std::vector<void*> addresses;
  for (std::size_t i = 0; i < operands.size(); ++i)  // which are only read
    addresses.push_back(op.traits().uses_type_only(i) ? nullptr
                                                      : const_cast<void*>(operands[i].data()));
  std::vector<Tensor> results;
  for (const Type& type : kernel->out()) {
    results.push_back(detail::uninitialized(type));
    addresses.push_back(results.back().mutable_view().data);
  }
  detail::StepFrame frame;
  frame.in = addresses.data();
  frame.out = frame.in + operands.size();
  Tensor scratch = detail::uninitialized({u8, {static_cast<std::int64_t>(kernel->scratch())}});
  frame.scratch = scratch.mutable_view().data;
  frame.in_views.resize(operands.size());
  frame.out_views.resize(results.size());
  kernel->run(frame, Inline());
  return results;
}

}  // namespace

std::vector<Tensor> evaluate_op(const Op& op, std::span<const Tensor> operands,
                                const EvaluateOptions& options, Location where) {
  if (!op) throw ArgumentError("evaluate_op: this Op is empty" + made_at(where));
  const std::string name = detail::printable(op.name());
  const Building building(name, std::span<const Value>(), where);
  return building.checked([&] { return evaluated(op, operands, options); });
}
std::vector<Tensor> evaluate_op(const Op& op, std::initializer_list<Tensor> operands,
                                const EvaluateOptions& options, Location where) {
  return evaluate_op(op, std::span(operands.begin(), operands.size()), options, where);
}

}  // namespace dagrad
