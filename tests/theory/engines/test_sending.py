"""What is declared to be sent and computed is held against what is: no lie passes, and nothing honest is refuted."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rootkappa
from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.compressors import get
from rootkappa.algorithms.driver.objects import found
from rootkappa.algorithms.parts import Dense, letters
from rootkappa.algorithms.parts.cost import Cost
from rootkappa.algorithms.parts.graphs import gossip
from rootkappa.algorithms.parts.messages import Known
from rootkappa.tests.suited import ON_QUADRATICS, suited
from rootkappa.theory.case import Case, NotExact
from rootkappa.theory.engines import sending
from rootkappa.theory.theorem import promised_by
from rootkappa.theory.verify import default_evidence

SHIPPED = Path(rootkappa.__file__).parent / "algorithms"
PROBLEM = problems.Quadratic.random(clients=4, dim=5, kappa=20.0, basis="client")

# What a copy of a shipped method says of its cost in the place of the truth.
SAYS = """
from .driver.method import get

def cost(problem, params, draws):
    shipped = get("{name}")
    true = shipped.cost(problem, shipped.Params(*params), draws)
    return true._replace({lie})
"""


def judged(method, problem=PROBLEM, seed=0, **changes):
    """Return the verdict without what ``theory.case`` looks at besides, for which a file would be compiled."""
    method = found(method)
    return sending.evidence(Case(method, promised_by(method), problem, changes, seed), lambda share: None)


def written(folder, name, *replacements, lie=""):
    text = (SHIPPED / f"{name}.py").read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    file = folder / f"my_{name}.py"
    file.write_text(text + (SAYS.format(name=name, lie=lie) if lie else ""), encoding="utf-8")
    return file


@pytest.mark.drawn(4, "name")
@pytest.mark.parametrize("name", ON_QUADRATICS)
def test_what_shipped_methods_declare_is_not_refuted(name):
    verdict = judged(name, suited(name, PROBLEM))
    assert verdict.status == "confirmed", verdict.sentence
    assert 0.0 < verdict.measured <= verdict.promised
    assert verdict.sensitivity == pytest.approx(1.0 - verdict.measured / verdict.promised)


COMPRESSORS = ["RandK(2)", "TopK(2)", "Natural()", "QSGD(3)", "Bernoulli(0.4)", "Identity()", "ScaledSign()"]
LETTERS = {
    "s": st.integers(2, 4),
    "c": st.integers(2, 5),
    "k": st.integers(1, 6),
    "K": st.integers(1, 9),
    "M": st.integers(1, 5),
    "E": st.integers(0, 3),
}
LETTERS |= {"p": st.sampled_from([0.02, 0.5, 1.0]), "q": st.sampled_from([0.02, 0.5, 1.0])}
LETTERS |= {"graph": st.sampled_from(["ring", "star", "grid", "complete"])}


@pytest.mark.nightly
@given(name=st.sampled_from(ON_QUADRATICS), data=st.data())
def test_nor_is_it_with_any_letters(name, data):
    named = letters.compressors_of(algorithms.get(name).Params)
    kinds = LETTERS | {letter: st.sampled_from(COMPRESSORS) for letter in named}
    chosen = {letter: kinds[letter] for letter in algorithms.get(name).Params._fields if letter in kinds}
    changes = data.draw(st.fixed_dictionaries({}, optional=chosen))
    size = {"clients": data.draw(st.integers(2, 7)), "dim": data.draw(st.integers(2, 9))}
    problem = problems.Quadratic.random(**size, kappa=50.0, seed=data.draw(st.integers(0, 99)))
    try:
        verdict = judged(name, suited(name, problem), seed=data.draw(st.integers(0, 999)), **changes)
    except (NotExact, problems.InputError):
        return  # letters that the method refuses
    assert verdict.status == "confirmed", verdict.sentence


FEW = r"It declares {} {} {} in rounds? [\w ]+, but .*client \d.* at least {} numbers"
POSITIONS = r"64 for each of {} numbers? and 0 for where they stand, but .*client \d.* {} different choices of places"
LIES = {
    "a tenth of the floats": ("scaffnew", {"lie": "floats_up=true.floats_up // 10"}, FEW.format(0, "floats", "up", 6)),
    "a tenth of those received": (
        "gradient_descent",
        {"lie": "floats_down=true.floats_down // 10"},
        FEW.format(1, "float", "down", 12),
    ),
    "a hundredth of the bits": (
        "scaffnew",
        {"lie": "bits_up=true.bits_up // 100"},
        r"3 bits up in round 1, but client 0 tells others 6 numbers .* for each of which 8 are the least",
    ),
    "a hundredth of those received": (
        "nesterov",
        {"lie": "bits_down=true.bits_down // 100"},
        r"7 bits down in rounds 1 to 2 together, but others tell client 0 6 numbers",
    ),
    "a hundredth of the bits of powers of two": (
        "diana",
        {"lie": "bits_up=true.bits_up // 100", "C": "Natural()"},
        r"1 bit up in rounds 1 to 2 together, but client 0 tells others one of at least 64 different things",
    ),
    "no places of random coordinates": (
        "diana",
        {"lie": "bits_up=64 * true.floats_up", "C": "RandK(2)"},
        POSITIONS.format(2, 15),
    ),
    "no places of the largest": (
        "ef21",
        {"lie": "bits_up=64 * true.floats_up", "C": "TopK(1)"},
        POSITIONS.format(1, 6),
    ),
    "no places of a pruned model": (
        "sparse_proxskip",
        {"lie": "bits_up=64 * true.floats_up"},
        POSITIONS.format(2, r"\d+"),
    ),
    "no places of a pruned mean": (
        "sparse_proxskip_server",
        {"lie": "bits_down=64 * true.floats_down"},
        POSITIONS.format(2, r"\d+"),
    ),
    "one vector of two that differ": (
        "fedlin",
        {"lie": "floats_up=true.floats_up // 2"},
        FEW.format(6, "floats", "up", 12),
    ),
    "one vector of two received": (
        "scaffold_1",
        {"lie": "floats_down=true.floats_down // 2"},
        FEW.format(18, "floats", "down", 24),
    ),
    "one vector of two of which one follows": (
        "scaffold_2",
        {"lie": "floats_up=true.floats_up // 2"},
        r"declares 6 floats up in round 1, but 12 numbers of client 0 go through average",
    ),
    "one message of two": (
        "adiana",
        {"replaced": [(', count=2)', ")")], "C": "RandK(2)"},
        FEW.format(2, "floats", "up", 4),
    ),
    "one neighbour of many": (
        "decentralized_scaffnew",
        {"replaced": [("SENDS = graphs.NEIGHBOURS", "SENDS = scaffnew.SENDS")], "graph": "star"},
        FEW.format(6, "floats", "up", 18),
    ),
    "the share in all clients and not in a cohort": (
        "tamuna",
        {"replaced": [('Shares("s", "c")', 'Shares("s")')], "s": 2, "c": 3},
        FEW.format(3, "floats", "up", 4),
    ),
    "a mask that lets the same send everything": (
        "tamuna",
        {"replaced": [("range(s * j, s * j + s)", "range(s)")], "s": 2, "c": 4},
        FEW.format(3, "floats", "up", 6),
    ),
    "the pruned mean where the control variates follow the whole": (
        "sparse_proxskip_server_kept",
        {"replaced": [("SENDS = Dense(up=1, down=1)", "SENDS = pruning.DOWN")]},
        FEW.format(2, "floats", "down", 6),
    ),
    "no gradients": ("gradskip", {"lie": "gradients=0"}, r"0 gradients in rounds 1 to 3 together, but .* computes \d"),
    "a third of those of components": (
        "proxskip_vr",
        {"lie": "gradients=true.gradients // 6"},
        r"declares \d+ gradients of components .* computes [\d.]+",
    ),
}  # fmt: skip


@pytest.mark.drawn(4, "lie")
@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refuted_with_its_numbers(lie, tmp_path):
    name, changes, sentence = LIES[lie]
    changes = dict(changes)
    file = written(tmp_path, name, *changes.pop("replaced", ()), lie=changes.pop("lie", ""))
    verdict = judged(file, **changes)
    assert verdict.status == "refuted", verdict.sentence
    assert re.search(sentence, verdict.sentence), verdict.sentence
    assert verdict.measured > verdict.promised
    assert verdict.sensitivity == 0.0


HONEST = {
    "as it is": ("scaffnew", {}),
    "more than needed": ("scaffnew", {"lie": "floats_up=3 * true.floats_up, bits_up=3 * true.bits_up"}),
    "single precision": ("fedavg", {"lie": "bits_up=true.bits_up // 2, bits_down=true.bits_down // 2"}),
    "places that all know": ("randprox_fl", {"R": "RandK(2)"}),
    "places that the server's clients know": (
        "fedcomloc_global", {"lie": "bits_down=64 * true.floats_down", "C": "RandK(2)"},
    ),
    "a code that is shorter than indices": (
        "diana", {"lie": "bits_up=64 * true.floats_up + 4 * len(draws)", "C": "RandK(2)"},
    ),
    "what the server sums up itself": ("ef21", {"C": "TopK(2)"}),
    "a letter that needs room": ("sparse_proxskip", {"k": 8, "problem": problems.Quadratic.random(clients=3, dim=9)}),
}  # fmt: skip


@pytest.mark.drawn(2, "honest")
@pytest.mark.parametrize("honest", HONEST)
def test_what_is_honest_is_confirmed(honest, tmp_path):
    name, changes = HONEST[honest]
    changes = dict(changes)
    verdict = judged(written(tmp_path, name, lie=changes.pop("lie", "")), **changes)
    assert verdict.status == "confirmed", verdict.sentence


# Objects.


class Scaffnew:
    """What an object says of its cost is held against what its arrays show."""

    PROMISE = "scaffnew"

    def start(self, problem, params):
        return np.zeros((problem.n, problem.d)), np.zeros((problem.n, problem.d))

    def gradients(self, problem, x):
        return problem.gradients_at(x)

    def average(self, problem, params, x):
        return x.mean(axis=0)

    def step(self, problem, params, state, coin):
        x, h = state
        x -= params.gamma * (self.gradients(problem, x) - h)
        if coin:
            mean = self.average(problem, params, x)
            h += params.p / params.gamma * (mean - x)
            x[:] = mean

    def model(self, state):
        return state[0].mean(axis=0)


class WithoutAClientsOwn(Scaffnew):
    """All gradients are computed at each client's point, and one is used."""

    def gradients(self, problem, x):
        return np.array([problem.gradients(x[i])[i] for i in range(problem.n)])


class Twice(Scaffnew):
    """A gradient is computed once more at a point where it is known."""

    def gradients(self, problem, x):
        return (problem.gradients_at(x) + problem.gradients_at(x)) / 2.0


class ByHand(Scaffnew):
    """The problem is asked for its arrays."""

    def gradients(self, problem, x):
        return np.einsum("ijk,ik->ij", problem.hessians, x) - problem.kernel.b


class Columns(Scaffnew):
    """A column for each client."""

    fixed_point = None

    def start(self, problem, params):
        return np.zeros((problem.d, problem.n)), np.zeros((problem.d, problem.n))

    def step(self, problem, params, state, coin):
        x, h = (np.ascontiguousarray(array.T) for array in state)
        super().step(problem, params, (x, h), coin)
        return x.T, h.T

    def model(self, state):
        return state[0].mean(axis=1)

    def lyapunov(self, problem, params, state, target):
        return float(np.sum((state[0].mean(axis=1) - target.x) ** 2))


class MeanForTheRecord(Scaffnew):
    """A mean of all models of all steps, which nobody needs before the end."""

    fixed_point = None

    def start(self, problem, params):
        return (*super().start(problem, params), np.zeros(problem.d))

    def step(self, problem, params, state, coin):
        super().step(problem, params, state[:2], coin)
        state[2][:] += state[0].mean(axis=0)

    def lyapunov(self, problem, params, state, target):
        return float(np.sum((state[0] - target.x) ** 2))


class MemoryOfTheServer(Scaffnew):
    """The server tells each client the largest entries of what it has not told it yet, which it keeps for each."""

    PROMISE = "gradient_descent"
    fixed_point = None

    def start(self, problem, params):
        return np.zeros((problem.n, problem.d)), np.zeros((problem.n, problem.d))

    def step(self, problem, params, state, outcome):
        models, untold = state
        untold -= params.gamma * problem.gradients_at(models).mean(axis=0)
        messages = np.array([get("TopK(2)")(row, np.empty(0)) for row in untold])
        models += messages
        untold -= messages

    def lyapunov(self, problem, params, state, target):
        return float(np.sum((state[0] - target.x) ** 2))

    def cost(self, problem, params, draws):
        up, down, bits = problem.d, *get("TopK(2)").length(problem.d)
        return Cost(len(draws), *(len(draws) * count for count in (up, down, 64 * up, bits, 1)))


class SaysItSendsNothing(Scaffnew):
    SENDS = Dense(up=0, down=1)


class ReceivesNothing(Scaffnew):
    SENDS = Dense(up=1, down=0)


class ComputesNothing(Scaffnew):
    def cost(self, problem, params, draws):
        floats = len(draws) * problem.d
        return Cost(draws.iterations, floats, floats, 64 * floats, 64 * floats, 0)


class SaysNothingOfItsStart(Scaffnew):
    def start(self, problem, params):
        x, h = super().start(problem, params)
        found = problem.gradients_at(x)
        h += found - found.mean(axis=0)
        return x, h


class Diana:
    """The server's sum of what it knows and of the messages, in one line."""

    PROMISE = "diana"

    def start(self, problem, params):
        return {"x": np.zeros(problem.d), "h": np.zeros((problem.n, problem.d))}

    def step(self, problem, params, state, outcome):
        x, h = state["x"], state["h"]
        messages = np.array([get(params.C)(g, w) for g, w in zip(problem.gradients(x) - h, outcome["w"], strict=True)])
        x -= params.gamma * (h + messages).mean(axis=0)
        h += params.alpha * messages

    def model(self, state):
        return state["x"]


class DianaWithoutPlaces(Diana):
    SENDS = Known("C")


class FedLin:
    """Two exchanges a round, of which the state shows one."""

    PROMISE = "fedlin"

    def start(self, problem, params):
        return np.zeros(problem.d)

    def step(self, problem, params, state, outcome):
        corrections = problem.gradients(state) - problem.gradient(state)
        y = np.tile(state, (problem.n, 1))
        for _ in range(params.K):
            y -= params.eta * (problem.gradients_at(y) - corrections)
        return y.mean(axis=0)

    def model(self, state):
        return state


class FedLinWithOneVector(FedLin):
    SENDS = Dense(up=1, down=2)


class Gossip(Scaffnew):
    PROMISE = "decentralized_scaffnew"

    def step(self, problem, params, state, coin):
        x, h = state
        x -= params.gamma * (self.gradients(problem, x) - h)
        if coin:
            mixed = (1.0 - params.t) * x + params.t * gossip(params.graph, problem.n, params.weights).W @ x
            h += params.p / params.gamma * (mixed - x)
            x[:] = mixed


class GossipWithOne(Gossip):
    SENDS = Dense(up=1, down=1)


@pytest.mark.parametrize(
    "kind",
    [Scaffnew, WithoutAClientsOwn, Twice, ByHand, Columns, MeanForTheRecord, MemoryOfTheServer, Diana, FedLin, Gossip],
)
def test_an_honest_object_is_confirmed(kind):
    verdict = judged(kind())
    assert verdict.status == "confirmed", verdict.sentence
    assert re.search(r"client \d tells others at least \d+ numbers? in round", verdict.sentence)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (SaysItSendsNothing, FEW.format(0, "floats", "up", 18)),
        (ReceivesNothing, FEW.format(0, "floats", "down", 18)),
        (ComputesNothing, "declares 0 gradients"),
        (
            SaysNothingOfItsStart,
            "^Its start computes 1 gradient of .* and 0 are declared.*At its start others hold what",
        ),
        (DianaWithoutPlaces, POSITIONS.format(2, 15)),
        (FedLinWithOneVector, FEW.format(6, "floats", "up", 12)),
        (GossipWithOne, FEW.format(6, "floats", "up", 12)),
    ],
)
def test_an_object_that_lies_is_refuted(kind, sentence):
    verdict = judged(kind())
    assert verdict.status == "refuted", verdict.sentence
    assert re.search(sentence, verdict.sentence), verdict.sentence


class Restless(Scaffnew):
    """Something is kept besides the state."""

    count = 0

    def average(self, problem, params, x):
        self.count += 1
        return x.mean(axis=0) + self.count


class OfImages(Scaffnew):
    """A problem is asked for what a quadratic has not."""

    def gradients(self, problem, x):
        return problem.features @ x


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [(Restless, "does not do the same again"), (OfImages, "cannot be watched .* no attribute 'features'")],
)
def test_what_cannot_be_watched_is_not_judged(kind, sentence):
    with pytest.raises(NotExact, match=sentence):
        judged(kind())


# As a kind of evidence.


def test_it_is_held_of_whatever_is_not_shipped(tmp_path):
    logistic = problems.Logistic(np.eye(6), [0, 1, 0, 1, 0, 1], clients=2, kappa=10.0)
    assert "cost" not in default_evidence("scaffnew", PROBLEM)
    for problem in (PROBLEM, logistic):
        assert "cost" in default_evidence(Scaffnew(), problem)
        assert "cost" in default_evidence(written(tmp_path, "scaffnew"), problem)
    # Nothing is promised of its rate.
    assert {"invariant", "cost"} < {*default_evidence(written(tmp_path, "sparse_proxskip"), PROBLEM)}


def test_a_lie_is_seen_beside_any_problem():
    features, labels = np.random.default_rng(0).standard_normal((12, 3)), np.tile([0.0, 1.0], 6)
    logistic = problems.Logistic(features, labels, clients=2, kappa=10.0)
    verdict = judged(SaysItSendsNothing(), logistic)
    assert (verdict.status, verdict.evidence) == ("refuted", "cost")
    assert "client 0 tells others at least" in verdict.sentence
    (same,) = theory.verify(SaysItSendsNothing(), PROBLEM, evidence="cost")
    assert same.sentence == verdict.sentence
