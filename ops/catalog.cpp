#include "dagrad/catalog.hpp"

#include <algorithm>

#include "dagrad/ops/attention.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/convolution.hpp"
#include "dagrad/ops/create.hpp"
#include "dagrad/ops/dropout.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/factorizations.hpp"
#include "dagrad/ops/index.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/loss.hpp"
#include "dagrad/ops/nn.hpp"
#include "dagrad/ops/norm.hpp"
#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/order.hpp"
#include "dagrad/ops/pooling.hpp"
#include "dagrad/ops/random.hpp"
#include "dagrad/ops/rearrange.hpp"
#include "dagrad/ops/recurrence.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/scan.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/ops/training.hpp"
#include "dagrad/ops/triangle.hpp"

namespace dagrad {

namespace {

template <class... Ops>
void add_all(Catalog& catalog, std::string_view family) {
  (catalog.add(Ops{}, family), ...);
}

}  // namespace

Catalog Catalog::builtin() {
  Catalog catalog;
  add_all<Neg, Abs, Sign, Sqrt, Rsqrt, Square, Reciprocal, Floor, Ceil, Round, Trunc, Add, Sub, Mul,
          Div, Remainder, FloorDivide, Copysign, Maximum, Minimum, Clamp, Lerp, Pull, Joint>(
      catalog, "arithmetic");
  add_all<Exp, Exp2, Expm1, Log, Log2, Log10, Log1p, Cbrt, Pow, Power, Hypot, Logaddexp, Sin, Cos,
          Tan, Asin, Acos, Atan, Atan2, Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Lgamma, Digamma, Erf,
          Erfc>(catalog, "functions");
  add_all<Sigmoid, Softplus, Relu, Relu6, LeakyRelu, Elu, Celu, Selu, HardSigmoid, HardSwish,
          Softsign, Gelu, GeluTanh, Silu, Mish>(catalog, "activations");
  add_all<Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, IsNan, IsFinite, IsClose,
          LogicalNot, LogicalAnd, LogicalOr, LogicalXor, Where>(catalog, "logic");
  add_all<Sum, Mean, Prod, Max, Min, LogSumExp, Variance, Any, All, ArgMax, ArgMin>(catalog,
                                                                                    "reduce");
  add_all<StandardDeviation, Norm, CountNonzero, TiedShare, ExpShare>(catalog, "reduce");
  add_all<CumSum, CumProd, LogCumSumExp>(catalog, "scan");
  add_all<Matmul, Tril, Triu, Diagonal, DiagEmbed, Cholesky, TriangularSolve, Solve, Inverse,
          Slogdet, Det, DetSlope>(catalog, "linear algebra");
  add_all<Reshape, Flatten, Unflatten, Squeeze, Unsqueeze, Transpose, BroadcastTo, Concat, Split,
          Slice, Pad, Roll, Repeat>(catalog, "shape");
  add_all<AddN, SumToLike, BroadcastLike, ReshapeLike, FullLike, SplitLike, UnsplitLike,
          UnsliceLike, CountLike, Recurrence, UndiagonalLike>(catalog, "structural");
  add_all<Softmax, LogSoftmax, OneHot>(catalog, "nn");
  add_all<Standardize, StandardizeGradient, Centre, ScaleShift, Normalize>(catalog,
                                                                           "normalization");
  add_all<Conv, ConvTranspose, ConvKernel>(catalog, "convolution");
  add_all<MaxPool, MaxPoolGradient, MaxPoolPick, AvgPool, AvgPoolGradient>(catalog, "pooling");
  add_all<MaskedSoftmax, MaskedSoftmaxGradient, Masked, MaskedScores, MaskedMatmul>(catalog,
                                                                                    "attention");
  add_all<DropoutMask, Dropout>(catalog, "dropout");
  add_all<HalfSquaredError, BinaryCrossEntropy, BinaryCrossEntropyWithLogits, CrossEntropy>(catalog,
                                                                                            "loss");
  add_all<Descend, DescendWithMomentum, AdamStep, RmspropStep, CentredRmspropStep,
          RmspropStepWithMomentum, CentredRmspropStepWithMomentum, GlobalNorm>(catalog, "training");
  add_all<Huber, Hinge, KlDivergence, NegativeLogLikelihood>(catalog, "loss");
  add_all<Full, Iota>(catalog, "create");
  add_all<Uniform, Normal, FoldIn>(catalog, "random");
  add_all<TruncatedNormal, Gumbel, Bernoulli, Categorical, Permutation>(catalog, "random");
  add_all<Take, TakeAlongAxis, ScatterAdd, AddAlongAxis, Scatter, PutAlongAxis, LastNamedLike,
          LastAlongAxisLike, LinearIndexLike>(catalog, "index");
  add_all<Sort, TopK>(catalog, "order");
  add_all<Identity, Cast, StopGradient, CustomGradient>(catalog, "control");
  return catalog;
}

void Catalog::add(Op op, std::string_view family) {
  if (find(op.name()))
    throw ArgumentError("catalog: there is an op named '" + std::string(op.name()) + "'");
  entries_.push_back({std::move(op), std::string(family)});
}

const Catalog::Entry* Catalog::find(std::string_view name) const {
  const auto at = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& entry) { return entry.op.name() == name; });
  return at == entries_.end() ? nullptr : &*at;
}

}  // namespace dagrad
