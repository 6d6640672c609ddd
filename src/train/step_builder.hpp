#pragma once

#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/compile.hpp"

namespace dagrad::detail {

/// A number or a float scalar, which is cast once for each dtype that is needed.
class Scalar {
 public:
  /// `what` names it in errors. Throws ShapeError or TypeError unless it is a number or a float
  /// scalar.
  Scalar(const Operand& scalar, std::string_view what);
  Operand in(DType dtype);
  bool is_literal() const { return scalar_.is_literal(); }
  double number() const { return scalar_.literal().real(); }

 private:
  Operand scalar_;
  std::map<DType, Value> casts_;
};

/// Builds the updates of one optimiser: checks the arguments, gives new nodes the user's source
/// line, and removes them again if it throws.
class StepBuilder {
 public:
  /// Throws as optimisers do; see `dagrad/optimizers.hpp`.
  StepBuilder(std::string_view optimizer, std::span<const Value> parameters,
              std::span<const Value> gradients, const Operand& rate);

  bool empty() const { return parameters_.empty(); }
  std::size_t size() const { return parameters_.size(); }
  /// Throws ArgumentError unless `number` is in [0, 1).
  void require_fraction(std::string_view name, double number) const;
  void require_not_negative(std::string_view name, double number) const;
  /// Calls `f`, which checks other arguments. Its errors get the optimiser's name and the line.
  template <class F>
  void check(F&& f) const {
    building_.checked(std::forward<F>(f));
  }

  const Value& parameter(std::size_t i) const { return parameters_[i]; }
  const Value& gradient(std::size_t i) const { return gradients_[i]; }
  DType dtype(std::size_t i) const { return parameters_[i].dtype(); }
  Scalar& rate() { return rate_; }

  /// Adds a parameter of zeros, of the type of parameter i, to remember something about that one.
  Value slot(std::size_t i, std::string_view name);
  /// Adds an int64 scalar parameter that starts at 0, with the optimiser's name as prefix.
  Value counter(std::string_view name);
  void update(const Value& parameter, const Value& next) { updates_.push_back({parameter, next}); }
  std::vector<Update> finish() { return std::move(updates_); }

 private:
  void check_pairs() const;

  std::string_view optimizer_;
  std::span<const Value> parameters_, gradients_;
  Building building_;
  Scalar rate_;
  std::vector<Update> updates_;
};

}  // namespace dagrad::detail
