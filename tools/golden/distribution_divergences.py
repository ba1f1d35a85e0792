"""PyTorch's answers for tests/distributions/divergences_test.cpp: the cases there. Divergences of
torch.distributions, in f64."""
import math

import torch
import torch.distributions as td
from rule import ROOT, Input, family
from safetensors.torch import save_file
from torch.distributions import kl_divergence

cases = family("distribution_divergences")
A, B, P = (3, 1), (5,), (3, 5)


def add(name, inputs, f):
    cases.add(name, [Input(*i) for i in inputs], f)


def tril(m):
    return torch.tril(m, -1) + torch.diag_embed(torch.diagonal(m, dim1=-2, dim2=-1).abs() + 0.5)


def low_rank(m, w, d):
    return td.LowRankMultivariateNormal(m, w, d)


LOW = [((2, 1, 4), -1, 1), ((3, 4, 2), -1, 1), ((4,), 0.3, 2)]


def kl(name, makes, p, q, numbers=True):
    make_p, make_q = makes if isinstance(makes, tuple) else (makes, makes)
    n = len(p)

    def f(*x):
        # Most of PyTorch's do not broadcast.
        x = torch.broadcast_tensors(*x) if numbers else x
        return [kl_divergence(make_p(*x[:n]), make_q(*x[n:]))]

    add(name, [*p, *q], f)


other = [((2, 1, 1), -2, 2), (P, 0.3, 2)]
rates = [((2, 1, 1), 0.3, 3), (P, 0.3, 3)]
location = [(A, -2, 2), (B, 0.3, 2)]
positive = [(A, 0.2, 5), (B, 0.3, 3)]
bits = td.ContinuousBernoulli
kl("cauchy", td.Cauchy, location, other)
kl("half_cauchy", td.HalfCauchy, [(A, 0.3, 2)], [(B, 0.3, 2)])
kl("half_normal", td.HalfNormal, [(A, 0.3, 2)], [(B, 0.3, 2)])
kl("pareto", td.Pareto, [(A, 2, 3), (B, 2.2, 5)], [((2, 1, 1), 1, 2), (P, 2.2, 5)])
kl("chi2", td.Chi2, [(A, 0.3, 7)], [(B, 0.3, 7)])
kl("inverse_gamma", td.InverseGamma, positive, rates)
kl("continuous_bernoulli", bits, [(A, 0.05, 0.45)], [(B, 0.55, 0.95)])
kl("binomial", lambda x: td.Binomial(7, logits=x), [(A, -3, 3)], [(B, -3, 3)])
kl("logistic_normal", td.LogisticNormal, [((3, 1, 4), -2, 2), ((5, 4), 0.3, 2)],
   [((4,), -2, 2), ((5, 4), 0.3, 2)], False)


def wishart(a, l, b, m):
    """PyTorch's sums over the batch and has no gradient in p."""
    p, q, n = td.Wishart(a, scale_tril=tril(l)), td.Wishart(b, scale_tril=tril(m)), l.shape[-1]
    mean_log_det = sum(torch.digamma(a / 2 - j / 2) for j in range(n)) + n * math.log(2)
    mean_log_det = mean_log_det + torch.logdet(p.covariance_matrix)
    unit = torch.eye(n, dtype=a.dtype).expand(p.mean.shape)
    constant = q.log_prob(unit) + 0.5 * q.precision_matrix.diagonal(dim1=-2, dim2=-1).sum(-1)
    trace = (q.precision_matrix * p.mean).sum((-2, -1))
    return [0.5 * trace - p.entropy() - constant - (b - n - 1) / 2 * mean_log_det]


add("wishart", [((2,), 4.2, 7), ((3, 3), -1, 1), ((2,), 4.2, 7), ((2, 3, 3), -1, 1)], wishart)
NORMAL = [((2, 1, 4), -1, 1), ((3, 4, 4), -1, 1)]
normal = lambda m, l: td.MultivariateNormal(m, scale_tril=tril(l))
kl("low_low", low_rank, LOW, [((3, 4), -1, 1), ((4, 3), -1, 1), ((2, 1, 4), 0.3, 2)], False)
kl("mvn_low", (normal, low_rank), NORMAL, LOW, False)
kl("low_mvn", (low_rank, normal), LOW, NORMAL, False)

PAIR = [(A, -2, 2), (P, 0.5, 2)]
kl("bernoulli_poisson", (lambda p: td.Bernoulli(probs=p), td.Poisson), [(A, 0.1, 0.9)],
   [(B, 0.3, 5)])
unit = [(A, 0.6, 4), (B, 0.6, 4)]
kl("beta_bits", (td.Beta, bits), unit, [(P, 0.05, 0.45)])
kl("beta_exponential", (td.Beta, td.Exponential), unit, [(P, 0.3, 3)])
kl("beta_gamma", (td.Beta, td.Gamma), unit, rates)
kl("beta_normal", (td.Beta, td.Normal), unit, other)
kl("beta_uniform", (td.Beta, td.Uniform), unit, [(A, -2, -0.1), (B, 1.1, 3)])
kl("bits_exponential", (bits, td.Exponential), [(A, 0.05, 0.45)], [(B, 0.3, 3)])
kl("bits_normal", (bits, td.Normal), [(A, 0.05, 0.45)], other)
kl("exponential_gamma", (td.Exponential, td.Gamma), [(A, 0.3, 3)], rates)
kl("exponential_gumbel", (td.Exponential, td.Gumbel), [(A, 0.3, 3)], PAIR)
kl("exponential_normal", (td.Exponential, td.Normal), [(A, 0.3, 3)], PAIR)
kl("gamma_exponential", (td.Gamma, td.Exponential), positive, [(P, 0.3, 3)])
kl("gamma_gumbel", (td.Gamma, td.Gumbel), positive, PAIR)
kl("gamma_normal", (td.Gamma, td.Normal), positive, PAIR)
kl("gumbel_normal", (td.Gumbel, td.Normal), location, PAIR)
kl("laplace_normal", (td.Laplace, td.Normal), location, PAIR)
kl("normal_gumbel", (td.Normal, td.Gumbel), location, PAIR)
kl("normal_laplace", (td.Normal, td.Laplace), location, PAIR)
pareto = [(A, 0.3, 1), (B, 2.2, 5)]
kl("pareto_exponential", (td.Pareto, td.Exponential), pareto, [(P, 0.3, 3)])
kl("pareto_gamma", (td.Pareto, td.Gamma), pareto, rates)
kl("pareto_normal", (td.Pareto, td.Normal), pareto, PAIR)
inner = [(A, 0.05, 0.4), (B, 0.5, 0.95)]
kl("uniform_beta", (td.Uniform, td.Beta), inner, rates)
# PyTorch's for the next two compares the ends the wrong way round.
add("uniform_bits", [*inner, (P, 0.05, 0.45)],
    lambda a, b, p: [-(d := td.Uniform(a, b)).entropy() - bits(p).log_prob(d.mean)])
add("bits_uniform", [(A, 0.05, 0.45), (P, -2, -0.1), (B, 1.1, 3)],
    lambda p, a, b: [(b - a).log() - bits(p).entropy()])
kl("uniform_exponential", (td.Uniform, td.Exponential), inner, [(P, 0.3, 3)])
kl("uniform_gamma", (td.Uniform, td.Gamma), inner, rates)
kl("uniform_gumbel", (td.Uniform, td.Gumbel), inner, PAIR)
kl("uniform_normal", (td.Uniform, td.Normal), inner, PAIR)
kl("uniform_pareto", (td.Uniform, td.Pareto), [(A, 1, 2), (B, 3, 4)], [(P, 0.3, 0.9), (P, 0.3, 3)])

path = ROOT / "tests" / "golden" / "distribution_divergences.safetensors"
save_file({k: v.clone() for k, v in cases.dump.items()}, path)
print(f"{path.relative_to(ROOT)}: {len(cases.dump)} tensors, {path.stat().st_size} bytes")
assert path.stat().st_size < 100_000, "keep each dump under 100 KB"
