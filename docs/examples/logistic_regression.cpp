// Logistic regression with three classes: against the figures of scikit-learn, and cross-validated.
#include <dagrad/train.hpp>

#include <iomanip>
#include <iostream>

using namespace dagrad;

namespace {

// [model]
/// The regression on some rows, penalised as in scikit-learn with C = 1: half the squares of the
/// weights, beside the sum of the losses of all rows.
struct Regression {
  Graph graph;
  Value x, y, w, b, logits, loss, objective;

  explicit Regression(std::int64_t rows) {
    x = graph.input("x", {f64, {rows, 4}});
    y = graph.input("y", {i64, {rows}});
    w = graph.parameter("w", Tensor(Type{f64, {4, 3}}));
    b = graph.parameter("b", Tensor(Type{f64, {3}}));
    logits = matmul(x, w) + b;
    loss = cross_entropy(logits, y);
    objective = loss + sum(square(w)) / (2.0 * static_cast<double>(rows));
  }
};

/// The regression of these rows; x is standardised.
State fitted(const Tensor& x, const Tensor& labels) {
  const Regression model(labels.size());
  State state(model.graph);
  lbfgs(model.objective, {model.w, model.b}, state, {{model.x, x}, {model.y, labels}},
        {.gradient_tolerance = 1e-10, .value_tolerance = 0});
  return state;
}

Tensor predict(const State& state, const Tensor& x) {
  const Regression model(x.shape()[0]);
  return argmax(compile(model.logits)(state, {{model.x, x}})[0], 1);
}
// [/model]

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;

  // [data]
  const std::vector<std::string> species{"setosa", "versicolor", "virginica"};
  const Dataset irises =
      read_csv_dataset(argv[1], {{"x", f64, {"sepal_length"}, "petal_width"},
                                 {.name = "species", .dtype = i64, .categories = species}});
  std::cout << irises << "\n";
  const Tensor labels = irises["species"];
  // [/data]

  // [all]
  const Tensor x = Standardizer(irises["x"]).apply(irises["x"]);
  const State state = fitted(x, labels);
  const Tensor predicted = predict(state, x);
  const metrics::ConfusionMatrix matrix = metrics::confusion_matrix(predicted, labels, species);
  std::cout << matrix << "\n" << metrics::class_scores(matrix) << "\n";
  metrics::draw("irises.svg", matrix, "Irises");
  // [/all]

  // [folds]
  std::vector<Tensor> guesses, answers;
  for (const RowSplit& fold : fold_rows(irises, 5, {.key = 1, .stratify = "species"})) {
    const Dataset training = irises.take(fold.training), held_out = irises.take(fold.held_out);
    const Standardizer standardizer(training["x"]);  // which knows nothing of the other rows
    const State of_fold = fitted(standardizer.apply(training["x"]), training["species"]);
    guesses.push_back(predict(of_fold, standardizer.apply(held_out["x"])));
    answers.push_back(held_out["species"]);
  }
  const double accuracy = metrics::accuracy(concat(guesses), concat(answers));
  std::cout << std::setprecision(3) << "accuracy on rows held out: " << accuracy << "\n";
  // [/folds]

  // The figures of scikit-learn (tests/golden/example_figures.py).
  const Regression model(150);
  const double loss =
      compile(model.loss)(state, {{model.x, x}, {model.y, labels}})[0].item<double>();
  const Tensor w = Tensor::of({{-1.0740658549623483, 0.5878100605228025, 0.486255794439546},
                               {1.1601150177464568, -0.36184058797663216, -0.7982744297698253},
                               {-1.930691939029364, -0.363430860639193, 2.2941227996685565},
                               {-1.8115561311791792, -0.8262697551778296, 2.6378258863570085}});
  const Tensor counts = Tensor({3, 3}, std::vector<std::int64_t>{50, 0, 0, 0, 47, 3, 0, 1, 49});
  return std::abs(loss - 0.12954226886620201) < 1e-9 && same_bits(matrix.counts, counts) &&
                 compare(state.get("w"), w, 1e-6).close && accuracy > 0.93
             ? 0
             : 1;
}
