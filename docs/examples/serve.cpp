// Examples: one compiled function that serves several threads.
#include <dagrad/dagrad.hpp>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <thread>

using namespace dagrad;

int main() {
  // [model]
  Graph graph;
  Rng rng(1);
  const Value x = graph.input("x", {f32, {8, 64}});
  const Value w1 = graph.parameter("w1", rng.he_normal({64, 128}, f32));
  const Value w2 = graph.parameter("w2", rng.he_normal({128, 10}, f32));
  const Value answer = softmax(matmul(gelu(matmul(x, w1)), w2));

  State state(graph);  // or loaded: load("weights.npz", state)
  // Many simultaneous runs keep the cores busy, so each stays on the thread that calls it.
  const Function serve = compile({answer}, {.threads = 1});
  // [/model]

  std::vector<Tensor> requests;
  for (int i = 0; i < 1000; ++i) requests.push_back(rng.normal({8, 64}, 0, 1, f32));

  // [serve]
  std::vector<Tensor> answers(requests.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    BoundRun run = serve.bind(state);  // this thread's memory, reused for all its requests
    for (std::size_t i; (i = next++) < requests.size();) {
      run.feed(x, requests[i]);
      run();
      answers[i] = Tensor(run.fetch(0).type.shape, run.fetch(0).as<float>());
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  }
  // [/serve]

  // [same]
  const auto right = [&](std::size_t i) {
    return same_bits(answers[i], serve(state, {{x, requests[i]}})[0]);
  };
  std::size_t same = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) same += right(i) ? 1 : 0;
  std::cout << same << " of " << requests.size()
            << " answers have the same bits as on one thread\n";
  // [/same]
  if (same == requests.size()) return 0;
  std::cerr << "answers differ\n";
  return 1;
}
