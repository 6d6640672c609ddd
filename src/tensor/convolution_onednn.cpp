#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dagrad/scratch.hpp"
#include "src/tensor/convolution.hpp"

// Functions of the OpenMP runtime that oneDNN was built with. Some compilers lack its header.
extern "C" {
int omp_get_max_threads(void);
void omp_set_num_threads(int threads);
}

namespace dagrad::kernels {

namespace {

using dnnl::memory;
using dnnl::primitive_attr;
using dnnl::reorder;
using Index = std::int64_t;

/// Restricts oneDNN to the calling thread while it exists; parallelism comes from the pool. Results
/// depend on the number of threads, both when a primitive is made and when it runs.
class OneThread {
 public:
  OneThread() { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  const int before_ = omp_get_max_threads();
};

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

primitive_attr with_own_scratch() {
  primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

/// A primitive and the memory that it uses.
struct Step {
  dnnl::primitive primitive;
  memory::desc space;

  void run(const dnnl::stream& stream, std::unordered_map<int, memory> arguments,
           void* scratch) const {
    arguments.insert({DNNL_ARG_SCRATCHPAD, memory(space, engine(), scratch)});
    primitive.execute(stream, arguments);
  }
};

/// The layout of a tensor in the graph, and the one that the primitive wants.
struct Layout {
  memory::desc plain, wanted;
  bool moves() const { return plain != wanted; }
  std::size_t bytes() const { return moves() ? whole_lines(wanted.get_size()) : 0; }
};

enum Slot : std::size_t { in_slot, kernel_slot, out_slot };

/// Descriptions of the three tensors of a convolution of `images`.
std::array<memory::desc, 3> plain_descs(const ConvolutionSizes& s, Index images) {
  const auto f = memory::data_type::f32;
  const auto picture = memory::format_tag::nchw;
  const Index o = s.out_channels / s.groups, c = s.in_channels / s.groups;
  const memory::desc kernel =
      s.groups == 1
          ? memory::desc({o, c, s.kernel[0], s.kernel[1]}, f, memory::format_tag::oihw)
          : memory::desc({s.groups, o, c, s.kernel[0], s.kernel[1]}, f, memory::format_tag::goihw);
  return {memory::desc({images, s.in_channels, s.in[0], s.in[1]}, f, picture), kernel,
          memory::desc({images, s.out_channels, s.out[0], s.out[1]}, f, picture)};
}

/// The primitives for a given number of images.
class Piece {
 public:
  /// `kernel` is the layout that kernels must have, or null. Throws dnnl::error if oneDNN offers
  /// only its reference implementation.
  Piece(ConvolutionResult result, const ConvolutionSizes& s, Index images,
        const memory::desc* kernel)
      : result_(slot_of(result)) {
    const auto plain = plain_descs(s, images);
    std::array<memory::desc, 3> any;
    for (std::size_t i = 0; i < 3; ++i)
      any[i] = memory::desc(plain[i].dims(), memory::data_type::f32, memory::format_tag::any);
    if (kernel) any[kernel_slot] = *kernel;
    make(result, s, any);
    for (const Slot slot : {in_slot, kernel_slot, out_slot}) {
      layouts_[slot].plain = plain[slot];
      if (!layouts_[slot].moves()) continue;
      const bool comes = slot != result_;
      const memory::desc &from = comes ? plain[slot] : layouts_[slot].wanted,
                         &to = comes ? layouts_[slot].wanted : plain[slot];
      const reorder::primitive_desc made(engine(), from, engine(), to, with_own_scratch());
      moves_[slot] = {reorder(made), made.scratchpad_desc()};
    }
  }

  const Layout& layout(Slot slot) const { return layouts_[slot]; }
  std::size_t scratch() const {
    std::size_t bytes = convolve_.space.get_size();
    for (const Step& step : moves_) bytes = std::max(bytes, step.space.get_size());
    return whole_lines(bytes);
  }

  /// Converts a tensor from one of its layouts to the other.
  void move(const dnnl::stream& stream, Slot slot, void* plain, void* wanted, void* scratch) const {
    memory a(layouts_[slot].plain, engine(), plain), b(layouts_[slot].wanted, engine(), wanted);
    if (slot == result_) std::swap(a, b);
    moves_[slot].run(stream, {{DNNL_ARG_FROM, a}, {DNNL_ARG_TO, b}}, scratch);
  }
  /// Computes with tensors in the wanted layouts.
  void compute(const dnnl::stream& stream, const std::array<void*, 3>& tensors,
               void* scratch) const {
    static constexpr int values[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
    static constexpr int gradients[] = {DNNL_ARG_DIFF_SRC, DNNL_ARG_DIFF_WEIGHTS,
                                        DNNL_ARG_DIFF_DST};
    std::unordered_map<int, memory> arguments;
    for (std::size_t i = 0; i < 3; ++i) {
      const bool gradient = result_ != out_slot && (i == result_ || i == out_slot);
      arguments.insert(
          {gradient ? gradients[i] : values[i], memory(layouts_[i].wanted, engine(), tensors[i])});
    }
    convolve_.run(stream, std::move(arguments), scratch);
  }

 private:
  static Slot slot_of(ConvolutionResult result) {
    return result == ConvolutionResult::in       ? in_slot
           : result == ConvolutionResult::kernel ? kernel_slot
                                                 : out_slot;
  }

  void make(ConvolutionResult result, const ConvolutionSizes& s,
            const std::array<memory::desc, 3>& any) {
    const auto how = dnnl::algorithm::convolution_direct;
    const memory::dims stride{s.stride[0], s.stride[1]}, padding{s.padding[0], s.padding[1]};
    const memory::dims gap{s.dilation[0] - 1, s.dilation[1] - 1};
    const auto& [in, kernel, out] = any;
    const dnnl::convolution_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, how, in, kernel, out, stride, gap, padding, padding},
        with_own_scratch(), engine());
    if (result == ConvolutionResult::out) {
      keep<dnnl::convolution_forward>(forward, forward.src_desc(), forward.weights_desc(),
                                      forward.dst_desc());
    } else if (result == ConvolutionResult::in) {
      using Primitive = dnnl::convolution_backward_data;
      const Primitive::primitive_desc made({how, in, kernel, out, stride, gap, padding, padding},
                                           with_own_scratch(), engine(), forward);
      keep<Primitive>(made, made.diff_src_desc(), made.weights_desc(), made.diff_dst_desc());
    } else {
      using Primitive = dnnl::convolution_backward_weights;
      const Primitive::primitive_desc made({how, in, kernel, out, stride, gap, padding, padding},
                                           with_own_scratch(), engine(), forward);
      keep<Primitive>(made, made.src_desc(), made.diff_weights_desc(), made.diff_dst_desc());
    }
  }
  template <class Primitive>
  void keep(const typename Primitive::primitive_desc& made, const memory::desc& in,
            const memory::desc& kernel, const memory::desc& out) {
    const std::string_view name = made.impl_info_str();
    if (!name.starts_with("jit") && !name.starts_with("brg"))
      throw dnnl::error(dnnl_unimplemented, "oneDNN has no fast kernel for these sizes");
    convolve_ = {Primitive(made), made.scratchpad_desc()};
    layouts_[in_slot].wanted = in;
    layouts_[kernel_slot].wanted = kernel;
    layouts_[out_slot].wanted = out;
  }

  Slot result_;
  std::array<Layout, 3> layouts_;
  std::array<Step, 3> moves_;
  Step convolve_;
};

class OneDnn final : public ConvolutionKernel {
 public:
  OneDnn(ConvolutionResult result, const ConvolutionSizes& s)
      : result_(result),
        batch_(s.batch),
        weights_(s.out_channels * (s.in_channels / s.groups) * s.taps()) {
    const OneThread alone;
    Index tasks = std::min({batch_, most_tasks, 1 + static_cast<Index>(s.work() / task_work)});
    if (result == ConvolutionResult::kernel)
      tasks = std::min(tasks, std::max<Index>(2, most_partial / weights_));
    images_ = (batch_ + tasks - 1) / tasks;
    tasks_ = (batch_ + images_ - 1) / images_;
    pieces_.emplace_back(result, s, images_, nullptr);
    if (batch_ % images_ != 0)
      pieces_.emplace_back(result, s, batch_ % images_, &pieces_[0].layout(kernel_slot).wanted);
    in_ = s.in_channels * s.in_pixels();
    out_ = s.out_channels * s.out_pixels();
    for (const Piece& piece : pieces_)
      space_ = std::max(
          space_, piece.layout(in_slot).bytes() + piece.layout(out_slot).bytes() + piece.scratch());
  }

  std::size_t scratch() const override {
    return kernel_bytes() * kernels() + static_cast<std::size_t>(tasks_) * space_;
  }

  void run(const Parallel& parallel, const void* first, const void* second, void* result,
           void* scratch) const override {
    // oneDNN takes pointers without const even to data that it only reads.
    void* const a = const_cast<void*>(first);
    void* const b = const_cast<void*>(second);
    auto* const memory = static_cast<std::byte*>(scratch);
    if (result_ == ConvolutionResult::out) {
      each_task(parallel, {a, packed(b, memory), result}, memory + kernel_bytes());
    } else if (result_ == ConvolutionResult::in) {
      each_task(parallel, {result, packed(a, memory), b}, memory + kernel_bytes());
    } else {
      const Sums sums{static_cast<std::byte*>(result), memory};
      std::byte* const rest = memory + kernel_bytes() * kernels();
      each_task(parallel, {a, nullptr, b}, rest, &sums);
      add_up(parallel, sums, rest);
    }
  }

 private:
  static constexpr Index most_tasks = 8;
  static constexpr double task_work = 3e6;
  static constexpr Index most_partial = 1 << 22;  // elements of the sums of all tasks

  /// Size of the kernel in the layout that the primitives want.
  std::size_t kernel_bytes() const {
    return whole_lines(pieces_[0].layout(kernel_slot).wanted.get_size());
  }

  /// How many kernels in the layout that the primitives want lie in the scratch memory.
  std::size_t kernels() const {
    if (result_ != ConvolutionResult::kernel) return 1;
    return static_cast<std::size_t>(tasks_ - (in_result() == tasks_ ? 0 : 1));
  }

  /// The task whose sum of the gradient lies where the result will be; `tasks_` if there is none.
  /// It must be the first if nothing is moved at the end; the first must not be if that is moved.
  Index in_result() const {
    const Layout& layout = pieces_[0].layout(kernel_slot);
    if (!layout.moves()) return 0;
    const bool fits = layout.wanted.get_size() <= layout.plain.get_size();
    return fits && tasks_ > 1 ? tasks_ - 1 : tasks_;
  }

  /// Where the sums of the tasks lie.
  struct Sums {
    std::byte *result, *others;
  };
  float* sum_of(Index task, const Sums& sums) const {
    const Index apart = in_result();
    const auto before = static_cast<std::size_t>(task < apart ? task : task - 1);
    return reinterpret_cast<float*>(task == apart ? sums.result
                                                  : sums.others + before * kernel_bytes());
  }

  /// The kernel in the layout that the primitives want.
  void* packed(void* kernel, std::byte* memory) const {
    if (!pieces_[0].layout(kernel_slot).moves()) return kernel;
    const OneThread alone;
    const dnnl::stream stream(engine());
    pieces_[0].move(stream, kernel_slot, kernel, memory, memory + kernel_bytes());
    return memory;
  }

  void each_task(const Parallel& parallel, const std::array<void*, 3>& tensors, std::byte* memory,
                 const Sums* sums = nullptr) const {
    parallel(tasks_, [&](Index task) {
      const OneThread alone;
      const dnnl::stream stream(engine());
      const bool rest = task + 1 == tasks_ && pieces_.size() > 1;
      const Piece& piece = pieces_[rest ? 1 : 0];
      const auto at = static_cast<std::size_t>(task);
      std::array<void*, 3> plain = tensors;
      plain[in_slot] = static_cast<float*>(tensors[in_slot]) + task * images_ * in_;
      plain[out_slot] = static_cast<float*>(tensors[out_slot]) + task * images_ * out_;
      if (sums != nullptr) plain[kernel_slot] = sum_of(task, *sums);
      run_piece(stream, piece, plain, memory + at * space_);
    });
  }
  void run_piece(const dnnl::stream& stream, const Piece& piece, const std::array<void*, 3>& plain,
                 std::byte* memory) const {
    std::array<void*, 3> wanted = plain;
    for (const Slot slot : {in_slot, out_slot}) {
      if (!piece.layout(slot).moves()) continue;
      wanted[slot] = memory;
      memory += piece.layout(slot).bytes();
    }
    const auto move = [&](Slot slot) {
      if (piece.layout(slot).moves()) piece.move(stream, slot, plain[slot], wanted[slot], memory);
    };
    if (result_ != ConvolutionResult::in) move(in_slot);
    if (result_ != ConvolutionResult::out) move(out_slot);
    piece.compute(stream, wanted, memory);
    if (result_ == ConvolutionResult::in) move(in_slot);
    if (result_ == ConvolutionResult::out) move(out_slot);
  }

  /// Adds the sums of the tasks in order and stores them in the graph's layout of the kernel.
  void add_up(const Parallel& parallel, const Sums& sums, std::byte* scratch) const {
    const Layout& layout = pieces_[0].layout(kernel_slot);
    float* const sum = sum_of(0, sums);
    const auto n = static_cast<Index>(layout.wanted.get_size() / sizeof(float));
    parallel.ranges(n, 16384, [&](Index begin, Index end) {
      for (Index task = 1; task < tasks_; ++task) {
        const float* const more = sum_of(task, sums);
        for (Index i = begin; i < end; ++i) sum[i] += more[i];
      }
    });
    if (!layout.moves()) return;
    const OneThread alone;
    pieces_[0].move(dnnl::stream(engine()), kernel_slot, sums.result, sum, scratch);
  }

  ConvolutionResult result_;
  Index batch_, weights_, images_ = 1, tasks_ = 1;
  Index in_ = 0, out_ = 0;  // elements per image
  std::size_t space_ = 0;
  std::vector<Piece> pieces_;  // for most tasks, and for the last one if that has fewer images
};

/// Whether oneDNN is fast for these sizes: channels fill its vectors, in one group or with one
/// channel per group, and there are enough images to share out.
bool suits(const ConvolutionSizes& s) {
  const Index in = s.in_channels / s.groups, out = s.out_channels / s.groups;
  const bool wide = s.groups == 1 && in >= 16 && out >= 16;
  const bool one_each = s.groups >= 16 && in == 1 && out == 1;
  return (wide || one_each) && s.batch > 1 && s.in_pixels() > 0;
}

}  // namespace

std::shared_ptr<const ConvolutionKernel> onednn_convolution(ConvolutionResult result,
                                                            const ConvolutionSizes& sizes) {
  if (!suits(sizes)) return nullptr;
  try {
    return std::make_shared<OneDnn>(result, sizes);
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented || error.status == dnnl_invalid_arguments)
      return nullptr;
    if (error.status == dnnl_out_of_memory) throw std::bad_alloc();
    throw;
  }
}

}  // namespace dagrad::kernels
