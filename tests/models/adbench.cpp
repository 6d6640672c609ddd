#include "tests/models/adbench.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>

#include "dagrad/error.hpp"

namespace dagrad::adbench {
namespace {

/// Takes numbers from the front of a file.
class Numbers {
 public:
  explicit Numbers(const std::filesystem::path& file) : name_(file.string()) {
    std::ifstream in(file);
    if (!in) fail("cannot be read");
    for (auto word = std::istream_iterator<std::string>(in); word != decltype(word)(); ++word)
      values_.push_back(number(*word));
  }

  double next() {
    if (at_ == values_.size()) fail("ends after " + std::to_string(at_) + " numbers");
    return values_[at_++];
  }
  std::int64_t whole(const char* what, std::int64_t least, std::int64_t most = 10'000) {
    const double value = next();
    if (value < static_cast<double>(least) || value > static_cast<double>(most) ||
        value != std::floor(value))
      fail("number " + std::to_string(at_) + ": " + what + " is no whole number from " +
           std::to_string(least) + " up to " + std::to_string(most));
    return static_cast<std::int64_t>(value);
  }
  Tensor tensor(const Shape& shape) {
    const auto size = static_cast<std::size_t>(shape.elements());
    if (size > values_.size() - at_)
      fail("ends after " + std::to_string(values_.size()) + " numbers, of at least " +
           std::to_string(at_ + size));
    Tensor out(Type{f64, shape});
    std::copy_n(values_.begin() + static_cast<std::ptrdiff_t>(at_), size,
                out.mutate<double>().begin());
    at_ += size;
    return out;
  }
  std::vector<double> rest() {
    const auto from = values_.begin() + static_cast<std::ptrdiff_t>(at_);
    at_ = values_.size();
    return {from, values_.end()};
  }
  /// Must be called last.
  void end() const {
    if (at_ < values_.size())
      fail("has " + std::to_string(values_.size()) + " numbers, " + std::to_string(at_) +
           " of which say all");
  }

 private:
  double number(const std::string& word) const {
    char* end = nullptr;
    const double value = std::strtod(word.c_str(), &end);
    if (*end != '\0' || !std::isfinite(value))
      fail("number " + std::to_string(values_.size() + 1) + ": '" + word + "' is no finite number");
    return value;
  }
  [[noreturn]] void fail(const std::string& what) const { throw FileError(name_ + ": " + what); }

  std::string name_;
  std::vector<double> values_;
  std::size_t at_ = 0;
};

}  // namespace

Gmm read_gmm(const std::filesystem::path& file) {
  Numbers numbers(file);
  const std::int64_t d = numbers.whole("d", 1), k = numbers.whole("k", 1),
                     n = numbers.whole("n", 1);
  Gmm gmm;
  gmm.alpha = numbers.tensor({k});
  gmm.means = numbers.tensor({k, d});
  gmm.icf = numbers.tensor({k, d * (d + 1) / 2});
  gmm.x = numbers.tensor({n, d});
  gmm.gamma = numbers.next();
  gmm.m = numbers.whole("m", 0);
  numbers.end();
  return gmm;
}

Lstm read_lstm(const std::filesystem::path& file) {
  Numbers numbers(file);
  const std::int64_t layers = numbers.whole("layers", 1),
                     characters = numbers.whole("characters", 1), bits = numbers.whole("bits", 1);
  Lstm lstm;
  lstm.main = numbers.tensor({layers, 2, 4, bits});
  lstm.extra = numbers.tensor({3, bits});
  lstm.state = numbers.tensor({layers, 2, bits});
  lstm.sequence = numbers.tensor({characters, bits});
  numbers.end();
  return lstm;
}

namespace {

/// A tensor of `rows` copies of this one.
Tensor copies(const Tensor& row, std::int64_t rows) {
  std::vector<std::int64_t> dims(row.shape().begin(), row.shape().end());
  dims.insert(dims.begin(), rows);
  Tensor out(Type{f64, Shape(dims)});
  auto to = out.mutate<double>().begin();
  for (std::int64_t i = 0; i < rows; ++i) to = std::ranges::copy(row.values<double>(), to).out;
  return out;
}

/// 0, 1, …, n - 1, again and again.
Tensor in_turn(std::int64_t n, std::int64_t size) {
  Tensor out(Type{i32, {size}});
  std::int64_t i = 0;
  for (std::int32_t& each : out.mutate<std::int32_t>()) each = static_cast<std::int32_t>(i++ % n);
  return out;
}

}  // namespace

Ba read_ba(const std::filesystem::path& file) {
  Numbers numbers(file);
  const std::int64_t n = numbers.whole("n", 1, 1'000'000), m = numbers.whole("m", 1, 1'000'000),
                     p = numbers.whole("p", 1, 1'000'000);
  Ba ba;
  ba.cameras = copies(numbers.tensor({11}), n);
  ba.points = copies(numbers.tensor({3}), m);
  ba.weights = copies(numbers.tensor({}), p);
  ba.features = copies(numbers.tensor({2}), p);
  ba.camera_of = in_turn(n, p);
  ba.point_of = in_turn(m, p);
  numbers.end();
  return ba;
}

double Golden::error_of(const std::vector<Tensor>& gradients) const {
  double error = 0, largest = 0;
  std::size_t i = 0;
  for (const Tensor& part : gradients) {
    for (const double x : part.values<double>()) {
      if (i == gradient.size()) return std::numeric_limits<double>::infinity();
      const double off = std::abs(x - gradient[i]);
      error = std::isnan(off) ? off : std::max(error, off);  // a NaN stays
      largest = std::max(largest, std::abs(gradient[i++]));
    }
  }
  return i == gradient.size() ? error / largest : std::numeric_limits<double>::infinity();
}

Golden read_golden(const std::filesystem::path& file) {
  const std::filesystem::path base = file.parent_path().parent_path() / "golden" / file.stem();
  Numbers value(base.string() + "_F.txt"), gradient(base.string() + "_J.txt");
  Golden golden{value.next(), gradient.rest()};
  value.end();
  return golden;
}

std::filesystem::path file(const std::string& name) {
  const std::string model = name.substr(0, name.find('_'));
  return std::filesystem::path(DAGRAD_ADBENCH_DIR) / model / (name + ".txt");
}

std::vector<std::filesystem::path> files(const std::string& model) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(DAGRAD_ADBENCH_DIR) / model))
    found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace dagrad::adbench
