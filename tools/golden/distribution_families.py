"""PyTorch's answers for tests/distributions/families_test.cpp: the cases there, in the same order of
outputs. Further distributions of torch.distributions, in f64."""
import torch
import torch.distributions as td
from rule import ROOT, Input, family
from safetensors.torch import save_file
from torch.distributions.relaxed_bernoulli import LogitRelaxedBernoulli

torch.set_default_dtype(torch.float64)  # for GeneralizedPareto, which compares with a number
cases = family("distribution_families")
A, B, V, P = (3, 1), (5,), (2, 3, 5), (3, 5)  # two parameters, values, probabilities
COUNT = Input(V, 0, 7, integer=True)


def add(name, inputs, f):
    cases.add(name, [Input(*i) if not isinstance(i, Input) else i for i in inputs], f)


def moments(d, *names):
    return [getattr(d, name) for name in names]


def real(make):
    def f(*x):
        d, v, p = make(*x[:-2]), x[-2], x[-1]
        return [d.log_prob(v), d.cdf(v), d.icdf(p), d.entropy(),
                *moments(d, "mean", "variance", "stddev")]
    return f


shares = (P, 0.05, 0.95)
add("cauchy", [(A, -2, 2), (B, 0.3, 2), (V, -3, 3), shares],
    lambda m, s, v, p: [(d := td.Cauchy(m, s)).log_prob(v), d.cdf(v), d.icdf(p), d.entropy()])
add("half_cauchy", [(B, 0.3, 2), (V, 0.1, 4), shares],
    lambda s, v, p: [(d := td.HalfCauchy(s)).log_prob(v), d.cdf(v), d.icdf(p), d.entropy()])
add("half_normal", [(B, 0.3, 2), (V, 0.1, 4), shares], real(td.HalfNormal))
add("weibull", [(A, 0.3, 2), (B, 0.7, 3), (V, 0.1, 2), shares], real(td.Weibull))
add("pareto", [(A, 0.3, 1), (B, 2.2, 5), (V, 1.1, 4), shares], real(td.Pareto))
add("generalized_pareto", [(A, -1, 0), (B, 0.3, 2), (A, -0.05, 0.45), (V, 0.1, 4), shares],
    real(td.GeneralizedPareto))
add("kumaraswamy", [(A, 0.5, 3), (B, 0.5, 4), (V, 0.05, 0.95), shares], real(td.Kumaraswamy))
add("continuous_bernoulli/probs", [(P, 0.05, 0.45), (V, 0.05, 0.95), shares],
    real(lambda p: td.ContinuousBernoulli(probs=p)))
add("continuous_bernoulli/logits", [(P, 0.1, 3), (V, 0.05, 0.95), shares],
    real(lambda x: td.ContinuousBernoulli(logits=x)))
add("continuous_bernoulli/half", [(P, 0.4995, 0.5005), (V, 0.05, 0.95), shares],
    # Without the entropy, which is nearly 0.
    lambda p, v, u: [(d := td.ContinuousBernoulli(probs=p)).log_prob(v), d.cdf(v), d.icdf(u),
                     *moments(d, "mean", "variance", "stddev")])
# The concentrations have no gradient in the distribution function.
add("gamma/cdf", [Input(A, 0.2, 5, grad=False), (B, 0.3, 3), (V, 0.1, 5)],
    lambda a, b, v: [td.Gamma(a, b).cdf(v)])
add("chi2", [Input(B, 0.3, 7, grad=False), (V, 0.1, 9)],
    lambda df, v: [(d := td.Chi2(df)).log_prob(v), d.cdf(v)])
add("chi2/moments", [(B, 0.3, 7), (V, 0.1, 9)],
    lambda df, v: [(d := td.Chi2(df)).log_prob(v), d.entropy(),
                   *moments(d, "mean", "variance", "stddev", "mode")])
add("inverse_gamma", [(A, 2.2, 5), (B, 0.3, 3), (V, 0.1, 5)],
    lambda a, b, v: [(d := td.InverseGamma(a, b)).log_prob(v), d.entropy(),
                     *moments(d, "mean", "variance", "stddev", "mode")])
add("inverse_gamma/cdf", [Input(A, 0.2, 5, grad=False), (B, 0.3, 3), (V, 0.1, 5)],
    lambda a, b, v: [td.InverseGamma(a, b).cdf(v)])
add("fisher_snedecor", [(A, 2.2, 9), (B, 4.2, 9), (V, 0.1, 4)],
    lambda a, b, v: [(d := td.FisherSnedecor(a, b)).log_prob(v),
                     *moments(d, "mean", "variance", "stddev", "mode")])
add("von_mises", [(A, -3, 3), (B, 0.2, 9), (V, -3, 3)],
    # PyTorch's own Bessel functions have seven digits.
    lambda m, k, v: [k * torch.cos(v - m) - k - torch.log(2 * torch.pi * torch.special.i0e(k)),
                     1 - (torch.special.i1e(k) / torch.special.i0e(k)).expand(3, 5)])


def count(v, like):
    return v.to(like)


add("binomial/probs", [(A, 0.05, 0.95), COUNT],
    lambda p, v: [(d := td.Binomial(7, probs=p)).log_prob(count(v, p)), d.entropy(), d.logits,
                  *moments(d, "mean", "variance", "stddev", "mode")])
add("binomial/logits", [(B, -3, 3), COUNT],
    lambda x, v: [(d := td.Binomial(7, logits=x)).log_prob(count(v, x)), d.entropy(), d.probs,
                  *moments(d, "mean", "variance", "stddev", "mode")])
add("negative_binomial/probs", [(A, 0.4, 6), (B, 0.05, 0.95), COUNT],
    lambda n, p, v: [(d := td.NegativeBinomial(n, probs=p)).log_prob(count(v, p)),
                     *moments(d, "mean", "variance", "stddev", "mode")])
add("negative_binomial/logits", [(A, 0.4, 6), (B, -3, 3), COUNT],
    lambda n, x, v: [(d := td.NegativeBinomial(n, logits=x)).log_prob(count(v, x)),
                     *moments(d, "mean", "variance", "stddev", "mode")])


def counts_of(v):
    v = v.double()
    return torch.cat([v, 30 - v.sum(-1, keepdim=True)], -1)


for name in ["probs", "logits"]:
    low, high = (0.1, 3) if name == "probs" else (-3, 3)
    add("multinomial/" + name, [((3, 1, 4), low, high), Input((2, 1, 5, 3), 0, 7, integer=True)],
        lambda x, v: [(d := td.Multinomial(30, **{name: x})).log_prob(counts_of(v)), d.entropy(),
                      *moments(d, "mean", "variance", "stddev")])
for name, low, high in [("probs", 0.05, 0.95), ("logits", -3, 3)]:
    add("logit_relaxed_bernoulli/" + name, [(P, 0.3, 2), (P, low, high), (V, -3, 3)],
        lambda t, x, v: [LogitRelaxedBernoulli(t, **{name: x}).log_prob(v)])
    add("relaxed_bernoulli/" + name, [(P, 0.3, 2), (P, low, high), (V, 0.05, 0.95)],
        lambda t, x, v: [td.RelaxedBernoulli(t, **{name: x}).log_prob(v)])


def simplex(x):
    return torch.softmax(x, -1)


add("logistic_normal", [((3, 1, 4), -1, 1), ((5, 4), 0.3, 2), ((2, 1, 5, 5), -2, 2)],
    lambda m, s, v: [td.LogisticNormal(m, s).log_prob(simplex(v))])


def low_rank(m, w, d):
    return td.LowRankMultivariateNormal(m, w, d)


LOW = [((2, 1, 4), -1, 1), ((3, 4, 2), -1, 1), ((4,), 0.3, 2)]
add("low_rank_multivariate_normal", [*LOW, ((5, 2, 3, 4), -2, 2)],
    lambda m, w, d, v: [(q := low_rank(m, w, d)).log_prob(v), q.entropy(), q.covariance_matrix,
                        q.precision_matrix, q.scale_tril, q.variance, q.stddev])


def tril(m):
    return torch.tril(m, -1) + torch.diag_embed(torch.diagonal(m, dim1=-2, dim2=-1).abs() + 0.5)


def spd(m):
    return m @ m.mT + 2 * torch.eye(m.shape[-1], dtype=m.dtype)


def matrices(d, v):
    return [d.log_prob(v), d.entropy(), *moments(d, "mean", "variance", "stddev", "mode")]


add("wishart/scale_tril", [((2, 1), 4.2, 7), ((2, 3, 3), -1, 1), ((4, 2, 2, 3, 3), -1, 1)],
    lambda df, l, v: matrices(td.Wishart(df, scale_tril=tril(l)), spd(v)))
add("wishart/covariance", [((2,), 4.2, 7), ((3, 3), -1, 1), ((2, 3, 3), -1, 1)],
    lambda df, l, v: matrices(td.Wishart(df, spd(l)), spd(v)))


def correlation(m):
    l = tril(m)
    return l / l.norm(dim=-1, keepdim=True)


add("lkj_cholesky", [((3, 1), 0.4, 3), ((2, 3, 5, 4, 4), -1, 1)],
    lambda c, v: [td.LKJCholesky(4, c).log_prob(correlation(v))])
add("lkj_cholesky/2", [((3,), 0.4, 3), ((5, 3, 2, 2), -1, 1)],
    lambda c, v: [td.LKJCholesky(2, c).log_prob(correlation(v))])


def through(transform, x):
    y = transform(x)
    return [y, transform.inv(y), transform.log_abs_det_jacobian(x, y)]


add("transform/power", [(V, 0.3, 2), (B, 0.5, 3)], lambda x, e: through(td.PowerTransform(e), x))
add("transform/softplus", [(V, -3, 3)], lambda x: through(td.SoftplusTransform(), x))
add("transform/stick_breaking", [((3, 4), -2, 2)],
    lambda x: through(td.StickBreakingTransform(), x))
add("transform/compose", [((3, 4), -2, 2)],
    lambda x: through(td.ComposeTransform([td.TanhTransform(), td.StickBreakingTransform()]), x))
add("transform/independent", [(V, -2, 2)],
    lambda x: through(td.IndependentTransform(td.SigmoidTransform(), 2), x))
add("transform/maps", [((2, 3, 3), -2, 2)],
    lambda x: [(t := td.LowerCholeskyTransform())(x), t.inv(t(x)), td.SoftmaxTransform()(x),
               td.AbsTransform()(x)])


path = ROOT / "tests" / "golden" / "distribution_families.safetensors"
save_file({k: v.clone() for k, v in cases.dump.items()}, path)
print(f"{path.relative_to(ROOT)}: {len(cases.dump)} tensors, {path.stat().st_size} bytes")
assert path.stat().st_size < 100_000, "keep each dump under 100 KB"
