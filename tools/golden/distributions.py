"""PyTorch's answers for tests/distributions/golden_test.cpp: the cases there, in the same order of
outputs. Distributions of torch.distributions, in f64."""
import torch
import torch.distributions as td
from rule import ROOT, Input, family
from safetensors.torch import save_file
from torch.distributions import kl_divergence
from torch.nn.functional import one_hot

cases = family("distributions")
A, B, V, P = (3, 1), (5,), (2, 3, 5), (3, 5)  # two parameters, values, probabilities


def add(name, inputs, f):
    cases.add(name, [Input(*i) if not isinstance(i, Input) else i for i in inputs], f)


def moments(d, *names):
    return [getattr(d, name) for name in names]


def real(make):
    def f(a, b, v, p):
        d = make(a, b)
        return [d.log_prob(v), d.cdf(v), d.icdf(p), d.entropy(),
                *moments(d, "mean", "variance", "stddev")]
    return f


location = [(A, -2, 2), (B, 0.3, 2)]
add("normal", [*location, (V, -3, 3), (P, 0.05, 0.95)], real(td.Normal))
add("laplace", [*location, (V, -3, 3), (P, 0.05, 0.95)], real(td.Laplace))
add("gumbel", [(A, -2, 2), (B, 0.8, 2), (V, -2, 3), (P, 0.05, 0.95)], real(td.Gumbel))
add("log_normal", [*location, (V, 0.1, 4), (P, 0.05, 0.95)], real(td.LogNormal))
add("uniform", [(A, -3, -2), (B, 2, 3), (V, -2, 2), (P, 0.05, 0.95)], real(td.Uniform))
add("exponential", [(B, 0.2, 3), (V, 0.1, 4), (P, 0.05, 0.95)],
    lambda a, v, p: real(lambda a, b: td.Exponential(a))(a, None, v, p))
add("student_t", [(A, 2.2, 9), (B, -2, 2), (B, 0.3, 2), (V, -3, 3)],
    lambda df, loc, scale, v: [(d := td.StudentT(df, loc, scale)).log_prob(v), d.entropy(),
                               *moments(d, "mean", "variance", "stddev")])


def positive(make):
    def f(a, b, v):
        d = make(a, b)
        return [d.log_prob(v), d.entropy(), *moments(d, "mean", "variance", "stddev", "mode")]
    return f


add("gamma", [(A, 0.2, 5), (B, 0.3, 3), (V, 0.1, 5)], positive(td.Gamma))
add("beta", [(A, 1.2, 5), (B, 1.3, 3), (V, 0.05, 0.95)], positive(td.Beta))


def simplex(x):
    return torch.softmax(x, -1)


add("dirichlet", [((3, 1, 4), 1.3, 4), ((2, 1, 5, 4), -2, 2)],
    lambda a, x: [(d := td.Dirichlet(a)).log_prob(simplex(x)), d.entropy(),
                  *moments(d, "mean", "variance", "stddev", "mode")])


def bit(v):
    return (v > 0).to(v)


add("bernoulli/logits", [(P, -3, 3), Input(V, -1, 1, grad=False)],
    lambda x, v: [(d := td.Bernoulli(logits=x)).log_prob(bit(v)), d.entropy(), d.probs,
                  d.variance, d.stddev])
add("bernoulli/probs", [(P, 0.05, 0.95), Input(V, -1, 1, grad=False)],
    lambda p, v: [(d := td.Bernoulli(probs=p)).log_prob(bit(v)), d.entropy(), d.logits,
                  d.variance, d.stddev])
add("categorical/logits", [((3, 1, 4), -3, 3), Input((2, 3, 5), 0, 4, integer=True)],
    lambda x, v: [(d := td.Categorical(logits=x)).log_prob(v), d.entropy(), d.probs, d.logits])
add("categorical/probs", [((3, 1, 4), 0.1, 3), Input((2, 3, 5), 0, 4, integer=True)],
    lambda x, v: [(d := td.Categorical(probs=x)).log_prob(v), d.entropy(), d.probs, d.logits])
add("one_hot_categorical", [((3, 5, 4), -3, 3), Input((2, 3, 5), 0, 4, integer=True)],
    lambda x, v: [(d := td.OneHotCategorical(logits=x)).log_prob(one_hot(v, 4).to(x)), d.entropy(),
                  *moments(d, "mean", "variance", "stddev")])
add("relaxed_one_hot", [((3, 1, 4), -3, 3), ((2, 3, 5, 4), -2, 2)],
    lambda x, v: [td.RelaxedOneHotCategorical(torch.tensor(0.7, dtype=x.dtype),
                                              logits=x).log_prob(simplex(v))])
add("poisson", [(B, 0.3, 9), Input(V, 0, 12, integer=True)],
    lambda r, v: [(d := td.Poisson(r)).log_prob(v.to(r)),
                  *moments(d, "mean", "variance", "stddev", "mode")])
add("geometric", [(B, 0.1, 0.9), Input(V, 0, 6, integer=True)],
    lambda p, v: [(d := td.Geometric(probs=p)).log_prob(v.to(p)), d.entropy(),
                  *moments(d, "mean", "variance", "stddev")])


def spd(m):
    return m @ m.mT + 2 * torch.eye(m.shape[-1], dtype=m.dtype)


def vectors(d, v):
    return [d.log_prob(v), d.entropy(), d.covariance_matrix, d.precision_matrix, d.variance,
            d.stddev]


def tril(m):
    return torch.tril(m, -1) + torch.diag_embed(torch.diagonal(m, dim1=-2, dim2=-1).abs() + 0.5)


add("multivariate_normal/scale_tril",
    [((2, 1, 3), -1, 1), ((5, 3, 3), -1, 1), ((4, 2, 5, 3), -2, 2)],
    lambda m, l, v: vectors(td.MultivariateNormal(m, scale_tril=tril(l)), v))
add("multivariate_normal/covariance", [((3,), -1, 1), ((3, 3), -1, 1), ((4, 5, 3), -2, 2)],
    lambda m, l, v: vectors(td.MultivariateNormal(m, spd(l)), v))
add("multivariate_normal/precision", [((5, 3), -1, 1), ((3, 3), -1, 1), ((4, 5, 3), -2, 2)],
    lambda m, l, v: vectors(td.MultivariateNormal(m, precision_matrix=spd(l)), v))
add("independent", [((3, 1, 2), -2, 2), ((4, 2), 0.3, 2), ((5, 3, 4, 2), -3, 3)],
    lambda m, s, v: [(d := td.Independent(td.Normal(m, s), 2)).log_prob(v), d.entropy(),
                     *moments(d, "mean", "variance", "stddev")])
add("tanh_normal", [*location, (V, -0.95, 0.95)],
    lambda m, s, v: [td.TransformedDistribution(td.Normal(m, s), td.TanhTransform()).log_prob(v)])
add("transformed", [*location, (B, -1, 1), (B, 0.5, 2), (V, 0.1, 0.9)],
    lambda m, s, b, a, v: [td.TransformedDistribution(
        td.Normal(m, s), [td.AffineTransform(b, a), td.SigmoidTransform()]).log_prob(v)])
add("mixture", [((3, 1, 4), -2, 2), ((3, 5, 4), -2, 2), ((4,), 0.3, 2), (V, -3, 3)],
    lambda w, m, s, v: [(d := td.MixtureSameFamily(td.Categorical(logits=w.expand(3, 5, 4)),
                                                   td.Normal(m, s))).log_prob(v),
                        d.cdf(v), *moments(d, "mean", "variance")])
add("mixture/vectors", [((4,), 0.2, 2), ((3, 4, 2), -2, 2), ((4, 2), 0.3, 2), ((5, 3, 2), -3, 3)],
    lambda w, m, s, v: [(d := td.MixtureSameFamily(td.Categorical(probs=w.expand(3, 4)),
                                                   td.Independent(td.Normal(m, s), 1))).log_prob(v),
                        *moments(d, "mean", "variance")])


def kl(name, make, p, q):
    n = len(p)
    add("kl/" + name, [*p, *q], lambda *x: [kl_divergence(make(*x[:n]), make(*x[n:]))])


other = [((2, 1, 1), -2, 2), (P, 0.3, 2)]
kl("normal", td.Normal, location, other)
kl("log_normal", td.LogNormal, location, other)
kl("laplace", td.Laplace, location, other)
kl("gumbel", td.Gumbel, location, other)
kl("uniform", td.Uniform, [(A, -1, 0), (B, 1, 2)], [((2, 1, 1), -3, 0), (P, 1, 4)])
rates = [((2, 1, 1), 0.3, 3), (P, 0.3, 3)]
kl("exponential", td.Exponential, [(A, 0.2, 3)], [(B, 0.2, 3)])
kl("gamma", td.Gamma, [(A, 0.2, 5), (B, 0.3, 3)], rates)
kl("beta", td.Beta, [(A, 0.2, 5), (B, 0.3, 3)], rates)
kl("dirichlet", td.Dirichlet, [((3, 1, 4), 0.3, 4)], [((5, 4), 0.3, 4)])
kl("bernoulli", lambda x: td.Bernoulli(logits=x.expand(3, 5)), [(A, -3, 3)], [(B, -3, 3)])
kl("categorical", lambda x: td.Categorical(logits=x), [((3, 1, 4), -3, 3)], [((5, 4), -3, 3)])
kl("poisson", td.Poisson, [(A, 0.2, 9)], [(B, 0.2, 9)])
kl("geometric", lambda p: td.Geometric(probs=p), [(A, 0.1, 0.9)], [(B, 0.1, 0.9)])
kl("multivariate_normal", lambda m, l: td.MultivariateNormal(m, scale_tril=tril(l)),
   [((2, 1, 3), -1, 1), ((5, 3, 3), -1, 1)], [((3,), -1, 1), ((3, 3), -1, 1)])
kl("independent", lambda m, s: td.Independent(td.Normal(m, s), 2), location, location)

path = ROOT / "tests" / "golden" / "distributions.safetensors"
save_file({k: v.clone() for k, v in cases.dump.items()}, path)
print(f"{path.relative_to(ROOT)}: {len(cases.dump)} tensors, {path.stat().st_size} bytes")
assert path.stat().st_size < 100_000, "keep each dump under 100 KB"
