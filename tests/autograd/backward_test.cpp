#include "strata/autograd/backward.h"

#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/device/cpu_allocator.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"

namespace strata {
namespace {

using Values = std::vector<double>;

Tensor leaf(std::initializer_list<double> values) {
  return tensor<double>(values).set_requires_grad();
}

template <class E, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "nothing was thrown";
}

TEST(Backward, LongChainsAreWalkedAndFreedInALoop) {
  for (const int steps : {100000, 1000000}) {
    const int64_t before = cpu_memory_stats().in_use;
    {
      Tensor x = leaf({1}), y = x;
      const Tensor one = scalar(1.0);
      for (int i = 0; i < steps; ++i) y = y * one;
      if (steps == 100000) {
        backward(y);
        EXPECT_EQ(x.grad().item<double>(), 1.0);
      }
    }
    EXPECT_EQ(cpu_memory_stats().in_use, before);
  }
}

TEST(Backward, LongChainsOfSecondOrderToo) {
  const int64_t before = cpu_memory_stats().in_use;
  {
    Tensor x = leaf({1.0}), y = x;
    for (int i = 0; i < 20000; ++i) y = y * scalar(1.0) + x * scalar(0.0);
    const Tensor ys[] = {y}, xs[] = {x};
    const Tensor g = grad(ys, xs, {}, {.create_graph = true})[0];
    EXPECT_EQ(g.item<double>(), 1.0);
  }
  EXPECT_EQ(cpu_memory_stats().in_use, before);
}

TEST(Backward, SavedValuesAreFreedAsTheWalkPasses) {
  Tensor x = zeros({1000}, DType::f64).set_requires_grad();
  const int64_t before = cpu_memory_stats().in_use;
  const Tensor y = sum(exp(exp(x)));
  EXPECT_GT(cpu_memory_stats().in_use, before + 16000);
  backward(y);
  EXPECT_LT(cpu_memory_stats().in_use, before + 8000 + 1000);  // the leaf's gradient, and y
}

TEST(Backward, ValuesOverwrittenSinceAreNoticed) {
  Tensor x = leaf({1, 2}), w = tensor<double>({3, 4});
  const Tensor y = sum(x * w);
  fill_(w, 0);
  EXPECT_EQ(message_of<GradError>([&] { backward(y); }),
            "[mul] f64[2] was kept for the gradient and overwritten since\n"
            "  hint: write into a copy, or after backward()");
  // Also through a view, and for a saved output.
  Tensor v = tensor<double>({3, 4});
  const Tensor z = sum(x * v);
  Tensor part = slice(v, 0, 1);
  fill_(part, 0);
  EXPECT_THROW(backward(z), GradError);
  const Tensor e = exp(x);
  Tensor plain = e.detach();
  fill_(plain, 0);
  EXPECT_THROW(backward(sum(e)), GradError);
}

TEST(Backward, WritingIntoALeafOrAViewIsAnError) {
  Tensor x = leaf({1, 2});
  EXPECT_THROW(fill_(x, 0), GradError);
  Tensor plain = zeros({2, 3});
  EXPECT_THROW(copy_(select(plain, 0, 1), ones({3}).set_requires_grad() * 2), GradError)
      << "what was written would have no gradient";
  {
    const NoGrad no_grad;
    fill_(x, 5);
  }
  EXPECT_EQ(x.to_vector<double>(), (Values{5, 5}));
}

TEST(Backward, ASecondWalkNeedsRetainGraph) {
  Tensor x = leaf({3});
  const Tensor y = x * x;
  backward(y, {}, {.retain_graph = true});
  backward(y);
  EXPECT_EQ(x.grad().item<double>(), 12.0);
  EXPECT_EQ(message_of<GradError>([&] { backward(y); }),
            "[mul] the way back was walked before and its saved values are freed\n"
            "  hint: pass retain_graph to the first backward");
}

TEST(Backward, ErrorsOfItsArguments) {
  Tensor x = leaf({1, 2});
  EXPECT_EQ(message_of<GradError>([&] { backward(x * x); }),
            "[backward] a gradient is needed for f64[2]\n  hint: sum() it first, or pass dy");
  EXPECT_EQ(message_of<ShapeError>([&] { backward(x * x, ones({3}, DType::f64)); }),
            "[backward] the gradient is f64[3], the tensor f64[2]");
  EXPECT_THROW(backward(ones({1})), GradError);
  EXPECT_THROW(backward(Tensor()), GradError);
  EXPECT_THROW(backward(x * x, ones({2}, DType::f64, kMeta)), DeviceError);
  const Tensor y = sum(x), other = ones({1});
  const Tensor ys[] = {y}, xs[] = {other}, dys[] = {y, y};
  EXPECT_THROW(grad(ys, xs), GradError);
  const Tensor good[] = {x};
  EXPECT_THROW(grad(ys, good, dys), ValueError);
  const Tensor wide[] = {x * x};
  EXPECT_EQ(message_of<GradError>([&] { grad(wide, good); }),
            "[grad] a gradient is needed for f64[2]\n  hint: sum() it first, or pass dy");
  EXPECT_THROW(zeros({2}, DType::i64).set_requires_grad(), DTypeError);
  EXPECT_THROW((x * x).set_requires_grad(), GradError);
  EXPECT_THROW(x.set_grad(ones({3})), ShapeError);
  EXPECT_THROW((x * x).set_grad(ones({2})), GradError);
}

TEST(Backward, GradientsOfSeveralOrders) {
  Tensor x = leaf({0.5});
  // d^n/dx^n e^x = e^x: each derivative goes through the saved output.
  Tensor y = exp(x);
  for (int order = 1; order <= 4; ++order) {
    const Tensor ys[] = {y}, xs[] = {x};
    y = grad(ys, xs, {}, {.create_graph = true})[0];
    EXPECT_NEAR(y.item<double>(), std::exp(0.5), 1e-12) << order;
  }
  // x^3, through both inputs of each product.
  Tensor z = x * x * x;
  const double wanted[] = {0.75, 3.0, 6.0, 0.0};
  for (const double w : wanted) {
    const Tensor ys[] = {z}, xs[] = {x};
    z = grad(ys, xs, {}, {.create_graph = true})[0];
    EXPECT_NEAR(z.item<double>(), w, 1e-12);
    if (!z.requires_grad()) break;
  }
}

TEST(Backward, BackwardWithCreateGraphGathersARecordedGradient) {
  Tensor x = leaf({2});
  backward(x * x * x, {}, {.create_graph = true});
  const Tensor g = x.grad();
  EXPECT_EQ(g.item<double>(), 12.0);
  ASSERT_TRUE(g.requires_grad());
  x.set_grad({});
  backward(g);
  EXPECT_EQ(x.grad().item<double>(), 12.0);  // 6x
}

TEST(Backward, OpsOfRawKernelsRefuseASecondOrder) {
  Tensor x = leaf({2});
  const auto twice = [](const Tensor& in) {
    return record("twice", {in}, in.detach() * scalar(2.0),
                  once([](const Tensor& dy, Needs) { return Grads{dy * scalar(2.0)}; }));
  };
  backward(twice(x));
  EXPECT_EQ(x.grad().item<double>(), 2.0);
  EXPECT_EQ(message_of<GradError>([&] { backward(twice(x), {}, {.create_graph = true}); }),
            "[twice] has no second derivative\n  hint: call backward without create_graph, or "
            "compose the value from other ops");
}

TEST(Backward, OutputsThatAreNotUsedCountAsZero) {
  Tensor x = leaf({1, 2, 3, 4});
  const auto parts = split(x, {1, 2, 1});
  backward(sum(parts[1] * parts[1]));
  EXPECT_EQ(x.grad().to_vector<double>(), (Values{0, 4, 6, 0}));
}

TEST(Backward, MoreInputsThanBitsInNeeds) {
  std::vector<Tensor> leaves;
  for (int i = 0; i < 100; ++i) {
    leaves.push_back(full({1}, i, DType::f64));
    if (i % 3 != 0) leaves.back().set_requires_grad();
  }
  const Tensor all = concat(leaves);
  backward(sum(all * all));
  for (int i = 0; i < 100; ++i) {
    const Tensor g = leaves[static_cast<size_t>(i)].grad();
    ASSERT_EQ(g.defined(), i % 3 != 0);
    if (!g.defined()) continue;
    EXPECT_EQ(g.item<double>(), 2.0 * i);
  }
}

TEST(Backward, LeavesGatherAndShareNothing) {
  Tensor a = leaf({1, 2}), b = leaf({3, 4});
  const Tensor dy = tensor<double>({5, 6});
  backward(a + b, dy);
  EXPECT_FALSE(a.grad().shares_storage(b.grad()));
  EXPECT_FALSE(a.grad().shares_storage(dy));
  const Tensor held = a.grad();
  backward(a + b, dy);
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{10, 12}));
  EXPECT_EQ(dy.to_vector<double>(), (Values{5, 6}));
  EXPECT_TRUE(held.same_as(a.grad()));  // in place
  // A leaf that is its own output, and gradients that arrive as views.
  backward(a, dy);
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{15, 18}));
  Tensor c = leaf({0, 0, 0});
  backward(sum(c));
  EXPECT_TRUE(c.grad().is_contiguous());
}

TEST(Backward, TheCallersGradientIsNeverWrittenTo) {
  Tensor a = leaf({1, 2}), b = leaf({3, 4});
  const Tensor dy = tensor<double>({5, 6});
  a.set_grad(dy);
  backward(a + b, dy);
  EXPECT_EQ(dy.to_vector<double>(), (Values{5, 6}));
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{10, 12}));
  EXPECT_EQ(b.grad().to_vector<double>(), (Values{5, 6}));
}

TEST(Backward, GradientsAreAddedInPlaceIntoALargerBuffer) {
  const Tensor flat = zeros({4}, DType::f64);
  Tensor a = leaf({1, 2}), b = leaf({3, 4});
  a.set_grad(slice(flat, 0, 0, 2));
  b.set_grad(slice(flat, 0, 2, 4));
  for (int i = 0; i < 2; ++i) backward(sum(a * b));
  EXPECT_EQ(flat.to_vector<double>(), (Values{6, 8, 2, 4}));
}

TEST(Backward, LargeGradientsAreAddedInPlaceToo) {
  // Larger than what kernels write past the caches.
  Tensor x = arange(0, 5000001, 1, DType::f32).set_requires_grad();
  for (int i = 0; i < 2; ++i) backward(sum(x * x));
  const auto g = x.grad().to_vector<float>();
  for (size_t i = 0; i < g.size(); ++i) ASSERT_EQ(g[i], 4 * static_cast<float>(i));
}

TEST(Backward, GradientsHaveTheDTypeOfTheirInput) {
  Tensor half = ones({2}, DType::bf16).set_requires_grad(), full = leaf({3, 4});
  backward(sum(half * full));
  EXPECT_EQ(half.grad().dtype(), DType::bf16);
  EXPECT_EQ(full.grad().dtype(), DType::f64);
  const auto mixed = [](const Tensor& x) {
    return record("mixed", {x}, cast(x.detach(), DType::f64),
                  [](const Tensor& dy, Needs) -> Grads { return {dy}; });
  };
  half.set_grad({});
  backward(sum(mixed(half)));
  EXPECT_EQ(half.grad().dtype(), DType::bf16);
}

TEST(Backward, AGradientThatDoesNotFitNamesItsOp) {
  Tensor x = leaf({1, 2});
  const Tensor y =
      record("broken", {x}, sum(x.detach()), [](const Tensor& dy, Needs) -> Grads { return {dy}; });
  EXPECT_EQ(message_of<ShapeError>([&] { backward(y); }),
            "[broken] its gradient of input 0 is f64[], the input is [2]");
  const Tensor w = copy(reshape(arange(0, 6, 1, DType::f64), {3, 2})).set_requires_grad();
  const Tensor turned =
      record("turned", {w}, w.detach() * 2.0,
             [](const Tensor& dy, Needs) -> Grads { return {transpose(dy, 0, 1)}; });
  EXPECT_EQ(message_of<ShapeError>([&] { backward(sum(turned)); }),
            "[turned] its gradient of input 0 is f64[2, 3], the input is [3, 2]");
}

TEST(Backward, AGradientIsAskedForEachInput) {
  Tensor a = leaf({1, 2}), b = leaf({3, 4});
  const Tensor few = record("few", {a, b}, a.detach() + b.detach(),
                            [](const Tensor& dy, Needs) -> Grads { return {dy}; });
  const std::string said = message_of<GradError>([&] { backward(sum(few)); });
  EXPECT_NE(said.find("[few] its way back gives 1 gradients of 2 inputs"), std::string::npos)
      << said;
  const Tensor many = record("many", {a}, a.detach() * 1.0, [](const Tensor& dy, Needs) -> Grads {
    return {dy, dy};
  });
  EXPECT_THROW(backward(sum(many)), GradError);
}

TEST(Backward, AnOpMayGiveItsInputBack) {
  // contiguous(x) is x itself, if x is contiguous.
  const auto reversed = [](const Tensor& x) {
    return record("reversed", {x}, contiguous(x),
                  [](const Tensor& dy, Needs) -> Grads { return {-dy}; });
  };
  Tensor w = leaf({1, 2});
  const Tensor h = w * 2.0;
  backward(sum(reversed(h)) + sum(h * 3.0));
  EXPECT_EQ(w.grad().to_vector<double>(), (Values{4, 4}));
  w.set_grad({});
  backward(sum(reversed(w)));
  EXPECT_EQ(w.grad().to_vector<double>(), (Values{-1, -1})) << "still a leaf";

  const Tensor plain = ones({2}, DType::f64);
  const Tensor first = record("first", {plain, w}, plain, [](const Tensor& dy, Needs) -> Grads {
    return {Tensor(), dy};
  });
  EXPECT_TRUE(first.requires_grad());
  EXPECT_FALSE(plain.requires_grad());
}

TEST(Grad, OfIntermediatesAndWhatIsNotConnected) {
  Tensor x = leaf({2}), unused = leaf({1, 1});
  const Tensor h = x * x, y = h * h;
  const Tensor ys[] = {y}, xs[] = {h, x, unused, h};
  const auto g = grad(ys, xs);
  EXPECT_EQ(g[0].item<double>(), 8.0);
  EXPECT_EQ(g[1].item<double>(), 32.0);
  EXPECT_EQ(g[2].to_vector<double>(), (Values{0, 0}));
  EXPECT_EQ(g[3].item<double>(), 8.0);
  EXPECT_FALSE(x.grad().defined());
}

TEST(Grad, LeavesTheRestOfTheGraphAlone) {
  Tensor x = leaf({2}), w = leaf({3});
  const Tensor before = w * w;
  int called = 0;
  const Tensor h = record("counted", {x, before}, x.detach() * before.detach(),
                          [&](const Tensor& dy, Needs needs) -> Grads {
                            ++called;
                            EXPECT_TRUE(needs[0]);
                            EXPECT_FALSE(needs[1]);
                            return {dy * before.detach(), Tensor()};
                          });
  const Tensor ys[] = {h}, xs[] = {x};
  EXPECT_EQ(grad(ys, xs)[0].item<double>(), 9.0);
  EXPECT_EQ(called, 1);
  backward(before);  // was not walked, so it is still there
  EXPECT_EQ(w.grad().item<double>(), 6.0);
}

TEST(Grad, StopsAtWhatIsAskedFor) {
  Tensor x = leaf({2});
  int called = 0;
  const Tensor h =
      record("counted", {x}, x.detach() * scalar(3.0), [&](const Tensor& dy, Needs) -> Grads {
        ++called;
        return {dy * scalar(3.0)};
      });
  const Tensor y = h * h;
  const Tensor ys[] = {y}, xs[] = {h};
  EXPECT_EQ(grad(ys, xs)[0].item<double>(), 12.0);
  EXPECT_EQ(called, 0);
}

TEST(Grad, SeveralOutputsWithTheirWeights) {
  Tensor x = leaf({1, 2});
  const Tensor ys[] = {x * x, sum(x)}, xs[] = {x};
  const Tensor dys[] = {tensor<double>({1, 10}), Tensor()};
  EXPECT_EQ(grad(ys, xs, dys)[0].to_vector<double>(), (Values{3, 41}));
}

TEST(Grad, CallForms) {
  Tensor a = leaf({1, 2}), b = leaf({3, 4});
  const Tensor y = sum(a * a * b), z = sum(a + b);
  const BackwardOptions again = {.retain_graph = true};
  EXPECT_EQ(grad(y, a, {}, again).to_vector<double>(), (Values{6, 16}));
  EXPECT_EQ(grad(y, a, scalar(2.0), again).to_vector<double>(), (Values{12, 32}));
  EXPECT_EQ(grad(a * b, a, tensor<double>({1, 10})).to_vector<double>(), (Values{3, 40}));
  const Tensor second = grad(grad({y}, {a}, {}, {.create_graph = true})[0], a, ones_like(a), again);
  EXPECT_EQ(second.to_vector<double>(), (Values{6, 8}));

  const std::vector<Tensor> xs = {a, b};
  for (const auto& both : {grad({y}, {a, b}, {}, again), grad(y, {a, b}, {}, again),
                           grad(y, xs, {}, again), grad({y}, xs, {}, again)}) {
    ASSERT_EQ(both.size(), 2);
    EXPECT_EQ(both[0].to_vector<double>(), (Values{6, 16}));
    EXPECT_EQ(both[1].to_vector<double>(), (Values{1, 4}));
  }
  const auto weighted = grad({y, z}, {b}, {scalar(2.0), Tensor()}, again);
  EXPECT_EQ(weighted[0].to_vector<double>(), (Values{3, 9}));
  EXPECT_EQ(grad({y, z}, {b}, {}, again)[0].to_vector<double>(), (Values{2, 5}));
  const std::vector<Tensor> ys = {y, z};
  EXPECT_EQ(grad(ys, xs)[1].to_vector<double>(), (Values{2, 5}));
  EXPECT_EQ(message_of<ValueError>([&] {
              grad({z}, {a}, {z, z});
            }),
            "[grad] 2 gradients for 1 tensors");
  EXPECT_FALSE(a.grad().defined());
}

TEST(Backward, FromSeveralTensorsInOneWalk) {
  Tensor a = leaf({1, 2});
  int walked = 0;
  const auto counted = [&] {
    return record("counted", {a}, a.detach() * 2.0, [&](const Tensor& dy, Needs) -> Grads {
      ++walked;
      return {dy * 2.0};
    });
  };
  const Tensor h = counted();
  backward({sum(h), sum(h * h)});
  EXPECT_EQ(walked, 1);
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{10, 18}));
  a.set_grad({});
  const Tensor k = counted();
  backward({k, sum(k)}, {tensor<double>({1, 10}), scalar(3.0)}, {.retain_graph = true});
  const std::vector<Tensor> ys = {k, a}, dys = {ones_like(k), ones_like(a)};
  backward(ys, dys);
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{11, 29}));
  EXPECT_EQ(message_of<ValueError>([&] {
              backward({sum(a), sum(a)}, {scalar(1.0)});
            }),
            "[backward] 1 gradients for 2 tensors");
  EXPECT_THROW(backward({sum(a), ones({1})}), GradError);
}

TEST(Backward, NothingChangesWhereALaterGradientDoesNotFit) {
  Tensor a = leaf({1, 2});
  const Tensor y = a * a;
  EXPECT_THROW(backward({a, y}, {ones_like(a), ones({3}, DType::f64)}), ShapeError);
  EXPECT_THROW(backward({a, ones({1})}, {ones_like(a), Tensor()}), GradError);
  EXPECT_FALSE(a.grad().defined());
  // A leaf that is named twice, and what it got is its own.
  const Tensor dy = ones_like(a);
  backward({a, a}, {dy, dy});
  EXPECT_EQ(a.grad().to_vector<double>(), (Values{2, 2}));
  EXPECT_EQ(dy.to_vector<double>(), (Values{1, 1}));
  Tensor b = leaf({3});
  backward({b, b});
  EXPECT_EQ(b.grad().item<double>(), 2);
}

TEST(Grad, TellsZerosFromALeafThatGotOtherData) {
  Tensor x = leaf({1, 2}), w = leaf({3, 4}), unused = leaf({5});
  const BackwardOptions again = {.retain_graph = true};
  const Tensor y = sum(x * 2.0 + w * 3.0);
  x.set_data(tensor<double>({7, 8}));
  const std::string said =
      "[grad] a tensor of the graph has got other data since, as by Module::to()\n"
      "  hint: run the forward pass again";
  EXPECT_EQ(message_of<GradError>([&] { grad(y, x, {}, again); }), said);
  EXPECT_EQ(message_of<GradError>([&] { grad({y}, {w, x}, {}, again); }), said);
  EXPECT_EQ(grad(y, w, {}, again).to_vector<double>(), (Values{3, 3}));
  EXPECT_EQ(message_of<GradError>([&] { grad(x.detach() * y, x, ones_like(x), again); }), said);
  EXPECT_EQ(grad(sum(x * 2.0), unused).item<double>(), 0) << "not a leaf of this graph";
  EXPECT_EQ(grad(y, unused, {}, again).item<double>(), 0) << "nor a leaf that was replaced";
  EXPECT_EQ(grad(sum(x * 2.0), x).to_vector<double>(), (Values{2, 2}));
}

TEST(GradMode, NothingIsRecordedWithoutIt) {
  Tensor x = leaf({1});
  {
    const NoGrad no_grad;
    EXPECT_FALSE((x * x).requires_grad());
    {
      const GradMode on(true);
      EXPECT_TRUE((x * x).requires_grad());
    }
    std::thread([&] { EXPECT_TRUE((x * x).requires_grad()); }).join();
  }
  EXPECT_TRUE((x * x).requires_grad());
  EXPECT_FALSE((x * x).detach().requires_grad());
}

TEST(Backward, TwoThreadsTrainApart) {
  std::vector<std::thread> threads;
  for (int k = 1; k <= 2; ++k) {
    threads.emplace_back([k] {
      Tensor x = full({8}, k, DType::f64).set_requires_grad();
      for (int i = 0; i < 500; ++i) {
        x.set_grad({});
        backward(sum(exp(x) * x));
        ASSERT_NEAR(x.grad().to_vector<double>()[0], std::exp(k) * (k + 1), 1e-9);
      }
    });
  }
  for (std::thread& t : threads) t.join();
}

}  // namespace
}  // namespace strata
