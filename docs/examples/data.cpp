// Data in and out: tensors from memory and from files, results, saved parameters.
#include <dagrad/dagrad.hpp>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <span>
#include <sstream>
#include <string>
#include <vector>

using namespace dagrad;

namespace {

void tensors_from_memory() {
  // [make]
  const Tensor scalar(0.5);                                    // float64[]
  const Tensor matrix = Tensor::of({{1.0, 2.0}, {3.0, 4.0}});  // float64[2,2]
  const Tensor counts = Tensor::of<std::int64_t>({1, 2, 3});   // int64[3]
  const Tensor zeros(Type{f32, {2, 3}});                       // every element 0
  const Tensor halves = Tensor::full({f32, {2, 3}}, 0.5);      // every element 0.5
  const std::vector<float> pixels{0.1F, 0.2F, 0.3F, 0.4F};
  const Tensor image({2, 2}, pixels);                       // a copy: float32[2,2]
  const Tensor row({1, 2}, std::span(pixels).first(2));     // of a span
  const Tensor flags({2}, std::vector<bool>{true, false});  // bool[2]
  // [/make]
  std::cout << scalar.type() << " " << matrix.type() << " " << counts.type() << " " << zeros.type()
            << " " << halves.type() << " " << image.type() << " " << row.type() << " "
            << flags.type() << "\n";

  // [random]
  Rng rng(7);  // the n-th tensor drawn depends on the seed and n alone
  const Tensor noise = rng.normal({4, 3}, 0, 0.1, f32);  // mean 0, deviation 0.1
  const Tensor weights = rng.glorot_uniform({3, 2}, f32);
  const Tensor order = rng.permutation(4);       // int64[4], shuffled
  const Tensor dice = rng.integers({10}, 1, 7);  // int64[10], each from 1 to 6
  const std::int64_t one = rng.integer(0, 10);   // a plain number, as is rng.number()
  // [/random]
  std::cout << noise.type() << " " << weights.type() << " " << order.type() << " " << dice.type()
            << " " << (one < 10) << "\n";
}

void foreign_memory() {
  // [borrow]
  std::vector<double> samples(1000, 1.0);
  const Tensor seen = Tensor::borrow({1000}, samples);  // `samples` must outlive `seen`
  samples[0] = 5;                                       // `seen` changes with it
  std::cout << seen.at(0) << " " << std::boolalpha << seen.owned() << "\n";

  void* memory = std::aligned_alloc(64, 4096);
  Tensor mine = Tensor::adopt({f64, {512}}, memory, [](void* data) { std::free(data); });
  const std::span<double> elements = mine.mutate<double>();  // writable
  for (double& element : elements) element = 2;
  // [/borrow]
}

void reductions() {
  const Tensor x = Tensor::of({{1.0, 10.0}, {3.0, 20.0}});
  // [standardise]
  Graph graph;
  const Value rows = graph.constant(x);
  const Tensor standardised = evaluate((rows - mean(rows, 0)) / standard_deviation(rows, 0));
  std::cout << standardised << "\n";
  // [/standardise]

  // [evaluate_op]
  const Tensor columns = evaluate_op(Variance{{{0}, false}}, {x})[0];  // over axis 0
  const Tensor all = evaluate_op(Variance{{{0, 1}, false}}, {x})[0];   // over both axes
  const Tensor none = evaluate_op(Variance{}, {x})[0];                 // over no axis
  std::cout << columns << " " << all << " " << none.type() << "\n";
  // [/evaluate_op]
}

void csv() {
  std::ofstream("points.csv") << "x,y\n0,1\n1,3\n2,5\n3,7\n";
  // [csv]
  const Csv file = read_csv("points.csv", f64);  // one header line, then numbers
  std::cout << file.columns[0] << ", " << file.columns[1] << ": " << file.values.type() << "\n";

  // A least-squares fit of y to x.
  Graph graph;
  const Value x = graph.constant(file.column("x")), y = graph.constant(file.column("y"));  // [4]
  const Value w = graph.parameter("w", Tensor(0.0)), b = graph.parameter("b", Tensor(0.0));
  const Value fit = w * x + b, loss = mse(fit, y);
  const Function step = compile(loss, {.update = sgd({w, b}, gradient(loss, {w, b}), 0.1)});
  State state(graph);
  for (int i = 0; i < 300; ++i) step(state);
  std::cout << "y = " << state.get(w).cast(f32) << " x + " << state.get(b).cast(f32) << "\n";

  write_csv("fit.csv", {{"x", file.column("x")}, {"fit", compile(fit)(state)[0].cast(f32)}});
  std::cout << std::ifstream("fit.csv").rdbuf();
  // [/csv]

  std::ofstream("cities.csv") << "city;area;people\nUlm;118.7;129942\nBonn;141.1;nan\n";
  // [csv_options]
  const Csv cities = read_csv("cities.csv", f64, {.columns = {"area"}, .separator = ';'});
  std::cout << cities.values.type() << "\n";  // the other columns may hold text
  try {
    read_csv("cities.csv", f64, {.columns = {"people"}, .separator = ';', .finite = true});
  } catch (const FileError& error) {
    std::cout << error.what() << "\n";
  }
  // [/csv_options]
}

void numpy() {
  // [npy]
  write_npy("matrix.npy", Tensor::of({{1.0F, 2.0F}, {3.0F, 4.0F}}));
  const Tensor matrix = read_npy("matrix.npy");

  write_npz("data.npz", {{"images", matrix}, {"labels", Tensor::of<std::int64_t>({0, 1})}});
  for (const auto& [name, tensor] : read_npz("data.npz"))
    std::cout << name << " " << tensor.type() << "\n";

  // Files of uint8 or float16, say, become int32 and float32 on request.
  write_npy("bytes.npy", Tensor::of<std::uint8_t>({0, 128, 255}));
  std::cout << read_npy("bytes.npy").type() << " or "
            << read_npy("bytes.npy", {.widen = true}).type() << "\n";

  std::stringstream stream;  // any stream will do
  write_npy(stream, matrix);
  std::cout << same_bits(read_npy(stream), matrix) << "\n";
  // [/npy]
}

void results() {
  Graph graph;
  const Value x = graph.input("x", {f32, {2, 3}});
  const Value y = 2 * x, total = sum(y);
  // [results]
  const Tensor data = Tensor::of({{1.F, 2.F, 3.F}, {4.F, 5.F, 6.F}});
  const auto fetched = compile({y, total})({{x, data}});
  const float sum_of_all = fetched[1].item<float>();              // the only element
  const std::span<const float> all = fetched[0].values<float>();  // every element, row-major
  const double fourth = fetched[0].at(3);                         // one element, as a double
  const std::vector<float> copied = fetched[0].to_vector<float>();
  const Tensor flat = fetched[0].reshaped({6});  // shares its storage
  const Tensor wide = fetched[0].cast(f64);      // converted
  std::cout << sum_of_all << " " << all[1] << " " << fourth << " " << copied.size() << " " << flat
            << " " << to_string(wide.type()) << "\n";

  const Difference difference = compare(flat, Tensor::of({2.F, 4.F, 6.F, 8.F, 10.F, 13.F}), 1e-6);
  if (!difference.close) std::cout << difference.text << "\n";
  // [/results]
}

void parameters() {
  // [state]
  Graph graph;
  const Value w = graph.parameter("layer/w", Tensor::of({1.0, 2.0}));
  const Value b = graph.parameter("layer/b", Tensor(0.0));
  State state(graph);
  state.set(b, Tensor(3.0));  // one parameter, by handle or by name
  state.set({{"layer/w", Tensor::of({4.0, 5.0})}, {"layer/b", Tensor(6.0)}});  // all or none
  State before = state.copy();                      // independent of `state` from now on
  for (const auto& [name, value] : state.values())  // a snapshot of one moment
    std::cout << name << " = " << value << "\n";

  save("model.npz", state);
  State restored(graph);
  load("model.npz", restored);  // throws if names or types differ
  std::cout << same_bits(restored.get(w), state.get("layer/w")) << "\n";
  // [/state]

  // [partial]
  Graph larger;
  (void)larger.parameter("layer/w", Tensor::of({0.0, 0.0}));
  (void)larger.parameter("head/w", Tensor::of({0.0}));
  State other(larger);
  const Loaded loaded = load("model.npz", other, {.partial = true});
  std::cout << "kept: " << loaded.missing[0] << ", ignored: " << loaded.unexpected[0] << "\n";
  // [/partial]
}

}  // namespace

int main() {
  tensors_from_memory();
  foreign_memory();
  reductions();
  csv();
  numpy();
  results();
  parameters();
}
