#include <algorithm>
#include <cstddef>

#include "dagrad/kernels/gemm.hpp"
#include "src/tensor/convolution.hpp"

namespace dagrad::kernels {

namespace {

using Index = std::int64_t;

/// Neighbouring positions of the output, one column for each: those of whole images, or some pixels
/// of one image.
struct Panel {
  Index image, images, pixel, pixels;
  Index columns() const { return images * pixels; }
};

/// The division of the output into panels.
class Panels {
 public:
  Panels(const ConvolutionSizes& s, std::size_t element) : batch_(s.batch), all_(s.out_pixels()) {
    const Index column =
        std::max<Index>(1, s.in_channels / s.groups * s.taps() * static_cast<Index>(element));
    const Index wanted = std::clamp<Index>(cache / column, least, most);
    pieces_ = all_ > wanted ? (all_ + wanted - 1) / wanted : 1;
    pixels_ = (all_ + pieces_ - 1) / pieces_;
    images_ = std::clamp<Index>(wanted / all_, 1, std::max<Index>(batch_, 1));
  }
  /// Panels of the same images follow one another.
  Index pieces() const { return pieces_; }
  Index count() const { return (batch_ + images_ - 1) / images_ * pieces_; }
  Index columns() const { return images_ * pixels_; }
  Panel operator[](Index at) const {
    const Index image = at / pieces_ * images_, pixel = at % pieces_ * pixels_;
    return {image, std::min(images_, batch_ - image), pixel, std::min(pixels_, all_ - pixel)};
  }

 private:
  static constexpr Index cache = 1 << 20;  // bytes that the columns should occupy
  static constexpr Index least = 256,
                         most = 4096;  // reading the kernel pays off only for enough columns
  Index batch_, all_, pieces_, pixels_, images_;
};

/// Calls `visit(at, before, inside, behind, from)` for each row of positions in an image of the
/// panel: the row starts at `at` in the panel; the tap lies on padding for its first `before`
/// positions, inside the image for `inside` positions, of which the first is at `from` in the
/// plane, and on padding for the last `behind`.
template <class Visit>
void each_row(const ConvolutionSizes& s, const Panel& panel, Index tap, Visit visit) {
  const Index ky = tap / s.kernel[1] * s.dilation[0] - s.padding[0];
  const Index kx = tap % s.kernel[1] * s.dilation[1] - s.padding[1];
  const Index step = s.stride[1], width = s.out[1];
  const auto first_from = [&](Index x) {  // the first position whose tap is at or beyond x
    return std::clamp<Index>(x > kx ? (x - kx + step - 1) / step : 0, 0, width);
  };
  const Index low = first_from(0), high = first_from(s.in[1]);
  const Index end = panel.pixel + panel.pixels;
  for (Index pixel = panel.pixel; pixel < end;) {
    const Index y = pixel / width, x = pixel - y * width;
    const Index last = std::min(width, x + end - pixel);
    const Index row = y * s.stride[0] + ky;
    const bool met = row >= 0 && row < s.in[0];
    const Index begin = met ? std::clamp(low, x, last) : last;
    const Index stop = met ? std::clamp(high, begin, last) : last;
    visit(pixel - panel.pixel, begin - x, stop - begin, last - stop,
          row * s.in[1] + begin * step + kx);
    pixel += last - x;
  }
}

template <class T>
class Columns final : public ConvolutionKernel {
 public:
  Columns(const Machine& machine, ConvolutionResult result, const ConvolutionSizes& sizes)
      : machine_(machine),
        result_(result),
        s_(sizes),
        panels_(sizes, sizeof(T)),
        in_(sizes.in_channels / sizes.groups),
        out_(sizes.out_channels / sizes.groups),
        depth_(in_ * sizes.taps()) {
    Index items = panels_.count();
    if (result == ConvolutionResult::out) items *= s_.groups;
    if (result == ConvolutionResult::in) items = items / panels_.pieces() * s_.groups;
    Index tasks = static_cast<Index>(std::min(1 + s_.work() / task_work, most_tasks));
    if (result == ConvolutionResult::kernel)
      tasks = std::min(tasks, std::max<Index>(1, most_partial / std::max<Index>(weights(), 1)));
    grain_ = std::max<Index>(1, (items + tasks - 1) / tasks);
    items_ = items;
    tasks_ = (items + grain_ - 1) / grain_;
  }

  std::size_t scratch() const override {
    const Index partial = result_ == ConvolutionResult::kernel && tasks_ > 1 ? weights() : 0;
    return static_cast<std::size_t>(tasks_ * (space() + partial)) * sizeof(T);
  }

  void run(const Parallel& parallel, const void* first, const void* second, void* result,
           void* scratch) const override {
    const auto* const a = static_cast<const T*>(first);
    const auto* const b = static_cast<const T*>(second);
    auto* const to = static_cast<T*>(result);
    auto* const memory = static_cast<T*>(scratch);
    if (result_ == ConvolutionResult::kernel) return find_kernel(parallel, a, b, to, memory);
    each_task(parallel, [&](const Parallel& inner, Index begin, Index end) {
      T* const own = memory + begin / grain_ * space();
      for (Index item = begin; item < end; ++item) {
        if (result_ == ConvolutionResult::out) {
          find_out(inner, item, a, b, to, own);
        } else {
          find_in(inner, item, a, b, to, own);
        }
      }
    });
  }

 private:
  static constexpr double task_work = 3e6, most_tasks = 16;
  static constexpr Index most_partial = 1 << 21;  // elements of all tasks' sums together

  Index weights() const { return s_.out_channels * depth_; }
  /// Elements of a task's work space: the columns and the matching block of the output.
  Index space() const { return round_up(depth_ * columns()) + round_up(out_ * columns()); }
  Index columns() const { return panels_.columns(); }
  static Index round_up(Index n) { return (n + 15) / 16 * 16; }

  /// Runs several tasks on the pool, or a single one that distributes its products over the pool.
  template <class F>
  void each_task(const Parallel& parallel, F f) const {
    if (tasks_ == 1) return f(parallel, Index{0}, items_);
    const Inline alone;
    parallel.ranges(items_, grain_, [&](Index begin, Index end) { f(alone, begin, end); });
  }

  /// Fills the columns: row (channel, tap) holds the element under that tap for each position of
  /// the panel.
  void gather(const Parallel& parallel, const Panel& panel, Index group, const T* in,
              T* columns) const {
    const Index grain = std::max<Index>(1, 65536 / std::max<Index>(panel.columns(), 1));
    parallel.ranges(depth_, grain, [&](Index begin, Index end) {
      for (Index row = begin; row < end; ++row) {
        T* to = columns + row * panel.columns();
        for (Index i = 0; i < panel.images; ++i, to += panel.pixels) {
          const T* const plane = in + plane_of(panel.image + i, group, row / s_.taps());
          each_row(s_, panel, row % s_.taps(),
                   [&](Index at, Index before, Index inside, Index behind, Index from) {
                     T* const here = std::fill_n(to + at, before, T(0));
                     copy(plane + from, inside, here);
                     std::fill_n(here + inside, behind, T(0));
                   });
        }
      }
    });
  }
  void copy(const T* from, Index n, T* to) const {
    if (s_.stride[1] == 1) {
      std::copy_n(from, n, to);
    } else {
      for (Index i = 0; i < n; ++i) to[i] = from[i * s_.stride[1]];
    }
  }
  /// The transpose of `gather`: adds the columns to the elements that they come from.
  void scatter(const Parallel& parallel, const Panel& panel, Index group, const T* columns,
               T* in) const {
    const Index size = s_.taps() * panel.columns();
    const Index grain = std::max<Index>(1, 65536 / size);
    parallel.ranges(in_, grain, [&](Index begin, Index end) {
      for (Index row = begin * s_.taps(); row < end * s_.taps(); ++row) {
        const T* from = columns + row * panel.columns();
        for (Index i = 0; i < panel.images; ++i, from += panel.pixels) {
          T* const plane = in + plane_of(panel.image + i, group, row / s_.taps());
          each_row(s_, panel, row % s_.taps(),
                   [&](Index at, Index before, Index inside, Index, Index to) {
                     const T* const here = from + at + before;
                     for (Index x = 0; x < inside; ++x) plane[to + x * s_.stride[1]] += here[x];
                   });
        }
      }
    });
  }
  Index plane_of(Index image, Index group, Index channel) const {
    return (image * s_.in_channels + group * in_ + channel) * s_.in_pixels();
  }

  /// Offset of the panel's part of the output.
  Index block_of(const Panel& panel, Index group) const {
    return (panel.image * s_.out_channels + group * out_) * s_.out_pixels() + panel.pixel;
  }
  static bool lies(const Panel& panel) { return panel.images == 1; }
  /// The part of the output as a matrix of channels and positions.
  Matrix<const T> block(const Panel& panel, Index group, const T* out, T* space) const {
    const T* from = out + block_of(panel, group);
    if (lies(panel)) return {from, s_.out_pixels(), false};
    for (Index i = 0; i < panel.images; ++i, from += s_.out_channels * s_.out_pixels())
      for (Index o = 0; o < out_; ++o)
        std::copy_n(from + o * s_.out_pixels(), panel.pixels,
                    space + o * panel.columns() + i * panel.pixels);
    return {space, panel.columns(), false};
  }

  void find_out(const Parallel& parallel, Index item, const T* in, const T* kernel, T* out,
                T* space) const {
    const Panel panel = panels_[item / s_.groups];
    const Index group = item % s_.groups, n = panel.columns();
    gather(parallel, panel, group, in, space);
    T* const to = out + block_of(panel, group);
    T* const found = lies(panel) ? to : space + round_up(depth_ * columns());
    gemm<T>(machine_, parallel, out_, n, depth_, {kernel + group * out_ * depth_, depth_, false},
            {space, n, false}, {found, lies(panel) ? s_.out_pixels() : n, false});
    if (lies(panel)) return;
    for (Index i = 0; i < panel.images; ++i)
      for (Index o = 0; o < out_; ++o)
        std::copy_n(found + o * n + i * panel.pixels, panel.pixels,
                    to + (i * s_.out_channels + o) * s_.out_pixels());
  }

  void find_in(const Parallel& parallel, Index item, const T* kernel, const T* out, T* in,
               T* space) const {
    const Index group = item % s_.groups, first = item / s_.groups * panels_.pieces();
    const Panel all = panels_[first];
    for (Index i = 0; i < all.images; ++i)
      std::fill_n(in + plane_of(all.image + i, group, 0), in_ * s_.in_pixels(), T(0));
    for (Index at = first; at < first + panels_.pieces(); ++at) {
      const Panel panel = panels_[at];
      const Index n = panel.columns();
      const auto cotangent = block(panel, group, out, space + round_up(depth_ * columns()));
      gemm<T>(machine_, parallel, depth_, n, out_, {kernel + group * out_ * depth_, depth_, true},
              cotangent, {space, n, false});
      scatter(parallel, panel, group, space, in);
    }
  }

  /// Each task adds up its panels; then the sums of the tasks are added in order.
  void find_kernel(const Parallel& parallel, const T* in, const T* out, T* kernel,
                   T* scratch) const {
    T* const sums = tasks_ > 1 ? scratch + tasks_ * space() : kernel;
    if (tasks_ == 0) std::fill_n(kernel, weights(), T(0));
    each_task(parallel, [&](const Parallel& inner, Index begin, Index end) {
      T* const own = scratch + begin / grain_ * space();
      T* const sum = sums + begin / grain_ * weights();
      for (Index at = begin; at < end; ++at) {
        const Panel panel = panels_[at];
        const Index n = panel.columns();
        for (Index group = 0; group < s_.groups; ++group) {
          gather(inner, panel, group, in, own);
          gemm<T>(machine_, inner, out_, depth_, n,
                  block(panel, group, out, own + round_up(depth_ * columns())), {own, n, true},
                  {sum + group * out_ * depth_, depth_, false}, at > begin);
        }
      }
    });
    if (tasks_ <= 1) return;
    parallel.ranges(weights(), 16384, [&](Index begin, Index end) {
      std::copy(sums + begin, sums + end, kernel + begin);
      for (Index task = 1; task < tasks_; ++task)
        for (Index i = begin; i < end; ++i) kernel[i] += sums[task * weights() + i];
    });
  }

  const Machine& machine_;
  ConvolutionResult result_;
  ConvolutionSizes s_;
  Panels panels_;
  Index in_, out_, depth_;  // channels per group, and elements of a column
  Index items_ = 0, grain_ = 1, tasks_ = 0;
};

}  // namespace

std::shared_ptr<const ConvolutionKernel> columns_convolution(const Machine& machine,
                                                             ConvolutionResult result, DType dtype,
                                                             const ConvolutionSizes& sizes) {
  if (dtype == f32) return std::make_shared<Columns<float>>(machine, result, sizes);
  return std::make_shared<Columns<double>>(machine, result, sizes);
}

}  // namespace dagrad::kernels
