// Data on its way into a model: files, missing values, splits, and numbers made ready to train on.
#include <dagrad/train.hpp>

#include <fstream>
#include <iomanip>
#include <iostream>

using namespace dagrad;

namespace {

Dataset files() {
  std::ofstream("trees.csv") << "plot;height;girth;kind\n1;12.5;1.1;oak\n1;NA;0.7;beech\n"
                                "2;20.0;;beech\n2;8.0;0.4;oak\n3;15.5;0.9;beech\n3;9.5;0.6;oak\n";
  // [csv]
  const std::vector<DatasetColumn> columns{
      {"size", f64, {"height", "girth"}},  // two columns of the file, side by side
      {.name = "kind", .dtype = i64, .categories = {"oak", "beech"}},  // 0 and 1
  };
  const Dataset trees =
      read_csv_dataset("trees.csv", columns, {.separator = ';', .missing = {"NA", ""}});
  std::cout << trees << "\n" << trees["size"] << "\n";
  // [/csv]

  // [csv_error]
  try {
    read_csv_dataset("trees.csv", columns, {.separator = ';', .missing = {"NA"}});
  } catch (const FileError& error) {
    std::cout << error.what() << "\n";
  }
  // [/csv_error]

  // [npz]
  write_npz("trees.npz", {{"size", trees["size"]}, {"kind", trees["kind"]}});
  std::cout << read_npz_dataset("trees.npz") << "\n";
  // [/npz]

  std::ofstream labels("labels-idx1-ubyte", std::ios::binary);
  for (const int byte : {0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4}) labels.put(static_cast<char>(byte));
  labels.close();
  // [idx]
  const Dataset mnist{{"label", read_idx("labels-idx1-ubyte").cast(i64)}};
  std::cout << mnist << "\n";
  // [/idx]
  return trees;
}

void checks(const Dataset& trees) {
  // [checks]
  try {
    trees.require_finite();
  } catch (const ArgumentError& error) {
    std::cout << error.what() << "\n";
  }
  try {
    trees.require_labels("kind", 1);
  } catch (const ArgumentError& error) {
    std::cout << error.what() << "\n";
  }
  // [/checks]

  // [missing]
  std::cout << drop_missing(trees) << "\n";
  const Tensor size = Standardizer(trees["size"]).apply(trees["size"]);  // NaN stays NaN
  const Dataset filled = trees.with("size", fill_missing(size, 0));      // 0 is now the mean
  filled.require_finite();
  // [/missing]
}

void prepare(const Dataset& data) {
  // [split]
  const auto [training, held_out] = split_data(data, 0.25, {.key = 1, .stratify = "label"});
  const Standardizer standardizer(training["x"]);
  const Dataset ready = training.with("x", standardizer.apply(training["x"]));
  const Dataset judge = held_out.with("x", standardizer.apply(held_out["x"]));
  std::cout << ready.rows() << " rows to train on, " << judge.rows() << " held out\n";
  // [/split]

  // [keep]
  write_npz("units.npz", {{"mean", standardizer.mean()}, {"scale", standardizer.scale()}});
  const auto units = read_npz("units.npz");
  const Standardizer again(units.at("mean"), units.at("scale"));
  // [/keep]
  std::cout << std::boolalpha << same_bits(again.apply(held_out["x"]), judge["x"]) << "\n";

  // [folds]
  for (const RowSplit& fold : fold_rows(data, 3, {.stratify = "label"}))
    std::cout << data.take(fold.training).rows() << " and " << fold.held_out.size() << " rows\n";
  // [/folds]

  // [classes]
  const Tensor weights = class_weights(training["label"], 3);
  const Dataset weighted = training.with("weight", take(weights, training["label"], 0));
  std::cout << std::setprecision(3) << "weights " << weights << "\n"
            << one_hot(Tensor::of({2, 0}), 3) << "\n";
  // [/classes]

  // [weighted_loss]
  Graph graph;
  const Value logits = graph.input("logits", {f64, {training.rows(), 3}});
  const Value label = graph.input("label", {i64, {training.rows()}});
  const Value weight = graph.input("weight", {f64, {training.rows()}});
  const Value loss = mean(weight * apply(CrossEntropy{}, {logits, label}));  // a loss for each row
  // [/weighted_loss]
  const Feeds feeds{
      {logits, Tensor(logits.type())}, {label, weighted["label"]}, {weight, weighted["weight"]}};
  std::cout << evaluate(loss, feeds).item<double>() << "\n";

  // [metrics]
  const Tensor scores = Tensor::of({{0.1, 0.7, 0.2}, {0.5, 0.3, 0.2}, {0.4, 0.4, 0.2}});
  const Tensor labels = Tensor::of({1, 2, 1});
  std::cout << metrics::accuracy(argmax(scores, 1), labels) << " "
            << metrics::top_k_accuracy(scores, labels, 2) << "\n";
  const Tensor predicted = Tensor::of({1.0, 2.5, 3.0}), targets = Tensor::of({1.0, 2.0, 4.0});
  std::cout << metrics::r_squared(predicted, targets) << " "
            << metrics::mean_absolute_error(predicted, targets) << "\n";
  // [/metrics]
}

}  // namespace

int main() {
  checks(files());
  // 12 rows of class 0, 6 of class 1 and 6 of class 2, in random order.
  const Tensor order = Rng(1).permutation(24);
  std::vector<std::int64_t> labels(24);
  for (std::int64_t i = 0; i < 24; ++i)
    labels[static_cast<std::size_t>(order.at(i))] = i < 12 ? 0 : i < 18 ? 1 : 2;
  prepare({{"x", Rng(2).normal({24, 2}, 5, 3)}, {"label", Tensor::of(labels)}});
}
