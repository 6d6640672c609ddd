#include <algorithm>
#include <array>
#include <functional>
#include <string>

#include "dagrad/detail/attribute_members.hpp"
#include "dagrad/error.hpp"
#include "dagrad/passes/windows.hpp"
#include "src/passes/window_boxes.hpp"
#include "src/program/operations.hpp"

namespace dagrad {

namespace detail {

namespace {

constexpr std::int64_t elements_of_task = 1 << 14;

/// What `prepare` makes: the loops of the boxes, and how they are divided into tasks.
class WindowLoops {
 public:
  WindowLoops(const Windowed& op, const Machine& machine) {
    for (const DType dtype : op.program->inputs)
      sizes_.push_back(static_cast<std::int64_t>(size_of(dtype)));
    for (std::size_t i = 0; i < op.program->outputs.size(); ++i)
      result_sizes_.push_back(static_cast<std::int64_t>(size_of(op.program->output_dtype(i))));
    for (WindowBox& box : window_boxes(*op.windows)) {
      if (box.axes.positions() == 0) continue;
      std::vector<std::int64_t> steps(sizes_.size(), 1);
      for (std::size_t i = 0; i < sizes_.size(); ++i)
        steps[i] = !box.shows[i] ? 0 : box.has_rows ? box.axes.stride(box.axes.rank() - 1, i) : 1;
      const std::int64_t size = box.row_size();
      Part part{std::move(box), machine.loop(op.program, steps)};
      part.pieces = (size + elements_of_task - 1) / elements_of_task;
      part.grain = std::max<std::int64_t>(1, elements_of_task / size);
      part.first_task = tasks_;
      tasks_ += (part.box.rows() * part.pieces + part.grain - 1) / part.grain;
      parts_.push_back(std::move(part));
    }
  }

  std::int64_t tasks() const { return tasks_; }

  void run(const EvalContext& c, std::int64_t task) const {
    auto part = std::prev(parts_.end());
    while (part->first_task > task) --part;
    const std::int64_t begin = (task - part->first_task) * part->grain;
    const std::int64_t end = std::min(begin + part->grain, part->box.rows() * part->pieces);
    for (std::int64_t piece = begin; piece < end; ++piece) run_piece(c, *part, piece);
  }

 private:
  struct Part {
    WindowBox box;
    ProgramLoop loop;
    std::int64_t pieces = 1;  ///< of each row
    std::int64_t grain = 1;   ///< pieces in a task
    std::int64_t first_task = 0;
  };

  /// The same piece of all rows comes before the next one, so that what rows repeat stays in the
  /// cache.
  void run_piece(const EvalContext& c, const Part& part, std::int64_t piece) const {
    static constexpr std::uint64_t zeros = 0;
    const StridedAxes<>& axes = part.box.axes;
    const int outer = axes.rank() - (part.box.has_rows ? 1 : 0);
    const std::int64_t rows = part.box.rows();
    const std::int64_t row = piece % rows, at = piece / rows * elements_of_task;
    const std::int64_t size = std::min(part.box.row_size() - at, elements_of_task);
    const MultiIndex index(axes.sizes().first(static_cast<std::size_t>(outer)), row);
    const auto element = [&](std::size_t i) {
      const std::int64_t step = part.box.has_rows ? axes.stride(outer, i) : 0;
      return part.box.first[i] + (outer > 0 ? axes.offset(index, i) : 0) + at * step;
    };
    std::array<const void*, Windowed::most_operands> in;
    std::array<void*, Windowed::most_operands> out;
    for (std::size_t i = 0; i < sizes_.size(); ++i)
      in[i] = part.box.shows[i]
                  ? static_cast<const std::byte*>(c.ins[i].data) + element(i) * sizes_[i]
                  : static_cast<const void*>(&zeros);
    const std::int64_t first = element(sizes_.size());
    for (std::size_t i = 0; i < result_sizes_.size(); ++i)
      out[i] = static_cast<std::byte*>(c.outs[i].data) + first * result_sizes_[i];
    part.loop({in.data(), sizes_.size()}, {out.data(), result_sizes_.size()}, size);
  }

  std::vector<std::int64_t> sizes_, result_sizes_;  ///< in bytes
  std::vector<Part> parts_;
  std::int64_t tasks_ = 0;
};

}  // namespace

}  // namespace detail

std::size_t Windowed::attributes::hash(const Windowed& op) {
  std::size_t hash = detail::attribute_hash(op.program);
  for (const detail::Window& window : *op.windows)
    for (const std::int64_t number : window.shift)
      hash = hash * 31 + std::hash<std::int64_t>()(number);
  return hash;
}
bool Windowed::attributes::equal(const Windowed& a, const Windowed& b) {
  return *a.windows == *b.windows && detail::attribute_equal(a.program, b.program);
}
void Windowed::attributes::visit(const Windowed& op, const AttributeVisitor& visit) {
  visit("formula", op.program);
  visit("windows",
        std::int64_t{std::ranges::count_if(
            *op.windows, [](const detail::Window& window) { return !window.is_whole(); })});
}

std::vector<Type> Windowed::infer(std::span<const Type> in) const {
  check_operand_count(in.size(), windows->size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    const Type wanted{program->inputs[i], (*windows)[i].source};
    if (in[i] == wanted) continue;
    const std::string text = "operand " + std::to_string(i) + " must be " + to_string(wanted) +
                             ", got " + to_string(in[i]);
    if (in[i].dtype != wanted.dtype) throw TypeError(text);
    throw ShapeError(text);
  }
  const Shape shape = detail::seen_shape(*windows);
  std::vector<Type> results;
  for (std::size_t i = 0; i < program->outputs.size(); ++i)
    results.push_back({program->output_dtype(i), shape});
  return results;
}

double Windowed::cost(const PlanContext& plan) const {
  constexpr double nanoseconds_of_byte = 0.04;
  double bytes = 0;
  for (const Type& type : plan.in) bytes += static_cast<double>(type.bytes());
  for (const Type& type : plan.out) bytes += static_cast<double>(type.bytes());
  return 20 + nanoseconds_of_byte * bytes;
}

double Windowed::flops(const PlanContext& plan) const {
  return detail::float_operations(*program) * static_cast<double>(plan.out[0].elements());
}

std::shared_ptr<const void> Windowed::prepare(const PlanContext& plan) const {
  return std::make_shared<const detail::WindowLoops>(*this, plan.machine());
}

void Windowed::eval(const EvalContext& c) const {
  const auto& loops = c.state<detail::WindowLoops>();
  c.parallel(loops.tasks(), [&](std::int64_t task) { loops.run(c, task); });
}

}  // namespace dagrad
