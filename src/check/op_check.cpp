#include <algorithm>
#include <cmath>

#include "dagrad/apply.hpp"
#include "dagrad/check.hpp"
#include "dagrad/gradient.hpp"
#include "src/check/forward_check.hpp"
#include "src/check/kinks.hpp"
#include "src/check/members.hpp"
#include "src/check/rounding.hpp"
#include "src/check/surface.hpp"

namespace dagrad {

namespace detail {

namespace {

/// The relative error allowed between computed and expected numbers.
double tolerance(DType dtype) { return 64 * std::ldexp(1.0, 1 - digits(dtype)); }

/// A graph of an op applied to the operands of a sample.
struct Applied {
  Subject subject;  ///< xs: the float operands that gradients flow into; ys: the float results
  std::vector<Value> outs;
  std::vector<std::size_t> of;  ///< the operand that each x is
};

Applied apply_to(const Op& op, std::span<const Tensor> in, Rng& rng) {
  Applied a;
  std::vector<Operand> operands;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const Value x = a.subject.graph.input("operand" + std::to_string(i), in[i].type());
    operands.push_back(x);
    if (is_float(in[i].dtype()) && i >= op.traits().cut) {
      a.subject.xs.push_back(x);
      a.subject.names.push_back("operand " + std::to_string(i));
      a.subject.point.push_back(in[i]);
      a.of.push_back(i);
    } else {
      a.subject.feeds.emplace_back(x.name(), in[i]);
    }
  }
  a.outs = append_all(op, operands, &a.subject.graph);
  for (const Value& out : a.outs) {
    if (!is_float(out.dtype())) continue;
    a.subject.ys.push_back(out);
    a.subject.seeds.push_back(random_seed(rng, out.type()));
  }
  return a;
}

bool has_elements(const std::vector<Value>& values) {
  return std::any_of(values.begin(), values.end(),
                     [](const Value& value) { return value.size() > 0; });
}

/// The gradient with cotangents as additional xs, for checking second derivatives and linearity.
Subject with_cotangents(Applied a, Rng& rng) {
  Subject s = std::move(a.subject);
  std::vector<Seeded> seeded;
  const std::vector<Value> xs = s.xs;
  for (std::size_t i = 0; i < s.ys.size(); ++i) {
    const Value dout = s.graph.input("cotangent" + std::to_string(i), s.ys[i].type());
    seeded.push_back({s.ys[i], dout});
    s.xs.push_back(dout);
    s.names.push_back("cotangent " + std::to_string(i));
    s.point.push_back(s.seeds[i]);
  }
  s.ys = gradient(seeded, xs, {.unconnected = Unconnected::zeros});
  s.seeds.clear();
  for (const Value& slope : s.ys) s.seeds.push_back(random_seed(rng, slope.type()));
  return s;
}

class OpCheck {
 public:
  OpCheck(const Op& op, const CheckOptions& options)
      : op_(op), options_(options), rng_(options.seed) {
    report_.op = std::string(op.name());
  }

  OpReport run(const Samples& samples) {
    for (const Sample& sample : samples) {
      describe(sample);
      try {
        check(sample.op ? sample.op : op_, sample);
      } catch (const Error& error) {
        fail(error.what());
      }
      ++report_.samples;
    }
    if (static_cast<double>(report_.unresolved) >
        options_.unresolved * static_cast<double>(report_.comparisons - report_.negligible)) {
      report_.failures.push_back(std::to_string(report_.unresolved) + " of " +
                                 std::to_string(report_.comparisons) +
                                 " comparisons are unresolved");
    }
    if (report_.negligible > 0 && report_.negligible == report_.comparisons) warn(all_negligible);
    return std::move(report_);
  }

 private:
  void describe(const Sample& sample) {
    sample_ = "sample " + std::to_string(report_.samples);
    if (const std::string attributes = (sample.op ? sample.op : op_).attributes();
        !attributes.empty())
      sample_ += " {" + attributes + "}";
    for (const Tensor& tensor : sample.in)
      sample_ += (&tensor == sample.in.data() ? " of " : ", ") + to_string(tensor.type());
  }
  void fail(const std::string& text) { report_.failures.push_back(sample_ + ": " + text); }
  void warn(const std::string& text) {
    if (std::find(report_.warnings.begin(), report_.warnings.end(), text) == report_.warnings.end())
      report_.warnings.push_back(text);
  }

  void check(const Op& op, const Sample& sample) {
    check_expected(op, sample);
    check_batches(op, sample);
    if (op.traits().no_grad) return;
    Applied a = apply_to(op, sample.in, rng_);
    if (a.subject.xs.empty() || a.subject.ys.empty()) return;
    const bool elements = has_elements(a.subject.xs) && has_elements(a.subject.ys);
    if (!elements || !sample.ties) check_slopes(op, sample, elements);
    if (!elements) return;
    check_linearity(op, sample);
    check_tangents(op, sample);
    check_narrow(op, sample);
    if (!op.traits().has_decisions && !sample.ties && has_kink(a.subject, options_, rng_))
      warn(
          "its gradient jumps, so it needs `decisions` for finite differences to stay on one side");
  }

  void check_expected(const Op& op, const Sample& sample) {
    Applied a = apply_to(op, sample.in, rng_);
    const std::vector<Tensor> outs = evaluate_at(a.outs, all_feeds(a.subject), options_.runtime);
    for (std::size_t i = 0; i < sample.out.size(); ++i)
      compare("result " + std::to_string(i), outs.at(i), sample.out[i]);
    if (sample.grads.empty()) return;
    a.subject.seeds = sample.dout;
    const std::vector<Value> slopes = append_gradient(a.subject);
    const std::vector<Tensor> found = evaluate_at(slopes, all_feeds(a.subject), options_.runtime);
    for (std::size_t i = 0; i < found.size(); ++i)
      compare("gradient of operand " + std::to_string(a.of[i]), found[i], sample.grads.at(a.of[i]));
  }
  void compare(const std::string& what, const Tensor& is, const Tensor& expected) {
    if (const Difference difference = dagrad::compare(is, expected, tolerance(expected.dtype()));
        !difference.close)
      fail(what + " is not as expected: " + difference.text);
  }

  /// Compares batches of operands, each alone and all together, with each member by itself.
  void check_batches(const Op& op, const Sample& sample) {
    if (sample.in.size() > 31) return;
    for (const std::uint32_t batched : choices(sample.in.size())) {
      const Members members{{op, sample.in}, batched, 3};
      std::vector<Tensor> expected;
      try {
        expected = members.results();
      } catch (const Error&) {
        continue;  // the other members may be outside of the op's domain
      }
      const std::vector<Tensor> is =
          evaluate_at(BatchedSample(members).batches, {}, options_.runtime);
      for (std::size_t i = 0; i < is.size(); ++i) compare_batch(members, i, is[i], expected[i]);
    }
  }
  void compare_batch(const Members& members, std::size_t result, const Tensor& is,
                     const Tensor& expected) {
    const bool floats = is_float(expected.dtype());
    const double relative = floats ? tolerance(expected.dtype()) : 0;
    double largest = 0;
    for (std::int64_t e = 0; floats && e < expected.size(); ++e)
      if (std::isfinite(expected.at(e))) largest = std::max(largest, std::abs(expected.at(e)));
    const Difference difference = dagrad::compare(is, expected, relative, relative * largest);
    if (difference.close) return;
    std::string operands;
    for (std::size_t i = 0; i < members.sample.in.size(); ++i)
      if (members.is_batched(i)) operands += (operands.empty() ? "" : ", ") + std::to_string(i);
    fail("result " + std::to_string(result) + " of a batch of operand " + operands +
         " is not that of each member: " + difference.text);
  }

  /// Compares gradients of first and second order with finite differences.
  void check_slopes(const Op& op, const Sample& sample, bool elements) {
    const auto hold = [&](Subject& subject, const std::string& order) {
      CheckReport slopes;
      if (narrowest(subject) != f64) subject = widened(subject);
      slopes.comparisons = compare_slopes(subject, options_, rng_);
      report_.comparisons += slopes.comparisons.size();
      report_.unresolved += slopes.count(Verdict::unresolved);
      report_.negligible += slopes.count(Verdict::negligible);
      if (elements && slopes.verdict() == Verdict::empty) fail(order + ": nothing was compared");
      if (slopes.count(Verdict::disagree) > 0) fail(order + ":\n" + slopes.text());
    };
    Applied first = apply_to(op, sample.in, rng_);
    hold(first.subject, "first derivative");
    try {
      Subject second = with_cotangents(apply_to(op, sample.in, rng_), rng_);
      hold(second, "second derivative");
    } catch (const GradientError& error) {
      warn(std::string("it has no second derivative: ") + error.what());
    }
  }

  /// Checks that rule(αu + βv) = α·rule(u) + β·rule(v).
  void check_linearity(const Op& op, const Sample& sample) {
    Subject s = with_cotangents(apply_to(op, sample.in, rng_), rng_);
    const std::size_t operands = s.ys.size();  // after them, the xs are cotangents
    const auto rule = [&](const std::vector<Tensor>& cotangents) {
      for (std::size_t i = 0; i < cotangents.size(); ++i) s.point[operands + i] = cotangents[i];
      return evaluate_at(s.ys, all_feeds(s), options_.runtime);
    };
    std::vector<Tensor> u, v, both;
    const double alpha = rng_.number(0.5, 2), beta = -rng_.number(0.5, 2);
    for (std::size_t i = operands; i < s.xs.size(); ++i) {
      u.push_back(random_seed(rng_, s.xs[i].type()));
      v.push_back(random_seed(rng_, s.xs[i].type()));
      both.push_back(combined(alpha, u.back(), beta, v.back()));
    }
    const std::vector<Tensor> of_both = rule(both), of_u = rule(u), of_v = rule(v);
    for (std::size_t i = 0; i < of_both.size(); ++i) {
      const Tensor expected = combined(alpha, of_u[i], beta, of_v[i]);
      double size = 0;
      for (std::int64_t e = 0; e < expected.size(); ++e)
        size = std::max(size, std::abs(alpha * of_u[i].at(e)) + std::abs(beta * of_v[i].at(e)));
      const double bound = std::isfinite(size) ? 1e4 * tolerance(expected.dtype()) * size : 0;
      if (const Difference difference = dagrad::compare(of_both[i], expected, 0, bound);
          std::isfinite(size) && !difference.close)
        fail("the rule is not linear in the cotangent: " + difference.text);
    }
  }
  static Tensor combined(double alpha, const Tensor& u, double beta, const Tensor& v) {
    Tensor sum(Type{f64, u.shape()});
    const auto elements = sum.mutate<double>();
    for (std::size_t e = 0; e < elements.size(); ++e)
      elements[e] =
          alpha * u.at(static_cast<std::int64_t>(e)) + beta * v.at(static_cast<std::int64_t>(e));
    return sum.cast(u.dtype());
  }

  /// Compares tangents and the pattern, whether its own or derived, with the rule.
  void check_tangents(const Op& op, const Sample& sample) {
    Subject subject = std::move(apply_to(op, sample.in, rng_).subject);
    const double epsilon = tolerance(narrowest(subject));
    try {
      if (const auto fault = tangent_fault(std::move(subject), epsilon, options_.runtime, rng_))
        fail(*fault);
    } catch (const GradientError& error) {
      if (op.traits().has_jvp) throw;  // else a second derivative is missing
      warn(std::string("it has no tangents: ") + error.what());
    }
    if (const auto fault = pattern_fault(op, sample.in, options_.elements, options_.runtime, rng_))
      fail(*fault);
  }

  /// Compares float32 with float64, if the op takes both.
  void check_narrow(const Op& op, const Sample& sample) {
    std::vector<Tensor> in;
    for (const Tensor& tensor : sample.in)
      in.push_back(tensor.dtype() == f64 ? tensor.cast(f32) : tensor);
    const Op retyped = op->retyped(f64, f32);
    Applied narrow;
    try {
      narrow = apply_to(retyped ? retyped : op, in, rng_);
    } catch (const TypeError&) {
      return;
    }
    Subject wide = widened(narrow.subject);
    CheckReport report;
    compare_rounding(narrow.subject, wide, options_, rng_, report);
    if (!report.rounding.empty()) fail("in float32:\n" + report.text());
  }

  const Op& op_;
  const CheckOptions& options_;
  Rng rng_;
  OpReport report_;
  std::string sample_;
};

}  // namespace

}  // namespace detail

OpReport check_op(const Op& op, const Samples& samples, const CheckOptions& options) {
  return detail::OpCheck(op, options).run(samples);
}

OpReport check_op(const Op& op, const CheckOptions& options) {
  Rng rng(options.seed);
  return check_op(op, default_samples(op, rng), options);
}

}  // namespace dagrad
