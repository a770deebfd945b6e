"""Wrong methods are refuted, each by the evidence that can see its fault; the right one is not.

Those of the folder are files, of which it is also said what refutes them; those of the catalogue are changes of shipped
methods, which must be refuted by whatever it is.
"""

import builtins
import json
import re
import shutil
import symtable
from collections import Counter
from pathlib import Path

import pytest

from rootkappa import algorithms, theory
from rootkappa.tests.mutants.catalogue import catalogue
from rootkappa.tests.suited import problem_of
from rootkappa.theory.verify import default_evidence

# A change of the catalogue costs a compilation, and many are alike.
pytestmark = [pytest.mark.drawn(4, "name"), pytest.mark.drawn(32, "change")]

FOLDER = Path(__file__).parent / "mutants"
QUADRATIC = ("--problem", "quadratic", "--basis", "client", "--clients", "4", "--dim", "3", "--kappa", "30")
LOGISTIC = ("--problem", "logistic", "--data", "breast_cancer", "--clients", "4", "--kappa", "30")

# For each mutant the sentences that must be found on the quadratic, and those on the logistic problem. Without any
# the fault shows in the worst state only, which sampled paths do not visit.
WORSE = ("exact", "From its worst state a step multiplies V by .* more than the promised")
STUCK = ("exponent", r"At kappa = [\d.]+ the expected V does not fall to 1e-06 of its start")
SLOWER = ("path", "After [0-9]+ rounds V on 2 paths is 1e[+][0-9]+ times what is promised")
STRAIGHT = ("path", "After [0-9]+ rounds V on the path is .* times what is promised")
STEEPER = ("exponent", r"Rounds grow like kappa\^(0\.99|1\.00).*more than the promised 0\.5")
DRIFT = ("invariant", "The sum of control variates leaves 0")
MOVED = ("invariant", "The fixed point does not stay: outcome 1 moves it")
STRAYED = ("invariant", "The fixed point does not stay")
SHARED = ("invariant", "The mean of the clients' control variates plus the shared one leaves 0")
APART = ("path", "After [0-9]+ rounds V on the path is 1e[+][0-9]+ times what is promised")
PARTED = ("invariant", "The functions advance and step part")
PACE = ("invariant", "The functions pace and draw part: a step is .* rounds as drawn")
LISTED = ("invariant", "The functions draw and outcomes part: outcome [01] has the frequency")

MUTANTS = {
    "advance_forgets_the_last_step": ((PARTED,), (PARTED,)),
    "coins_controls_of_heads": ((DRIFT, SLOWER), (DRIFT, SLOWER)),
    "coins_mean_of_all": ((DRIFT, SLOWER), (DRIFT, SLOWER)),
    "coins_mean_of_heads": ((WORSE, SLOWER, STUCK), (SLOWER,)),
    "coins_mean_of_heads_for_all": ((DRIFT, SLOWER), (DRIFT, SLOWER)),
    "coins_models_of_heads": ((WORSE, STEEPER), ()),
    "compressed_gradients": ((STRAYED, APART), (STRAYED, APART)),
    "control_variate_without_p": ((WORSE, SLOWER, STUCK), (SLOWER,)),
    "correction_without_own_gradient": ((STRAYED, STRAIGHT), (STRAYED, STRAIGHT)),
    "counts_half_of_its_rounds": ((PACE,), (PACE,)),
    "differences_averaged_twice": ((SHARED, SLOWER), (SHARED, SLOWER)),
    "draws_half_as_often": ((PACE, LISTED), (PACE, LISTED)),
    "draws_twice_as_often": ((PACE, LISTED), (PACE, LISTED)),
    "flattering_lyapunov": ((WORSE, SLOWER, STUCK), (SLOWER,)),
    "frozen_control_variates": ((WORSE, SLOWER, STUCK), (SLOWER,)),
    "gradient_at_the_mean": ((WORSE,), ()),
    "masked_control_variates_of_all": ((DRIFT, SLOWER), (DRIFT, SLOWER)),
    "masked_mean_of_all": ((STRAYED, SLOWER), (STRAYED, SLOWER)),
    "minimises_something_else": ((STRAYED, SLOWER), (STRAYED, SLOWER)),
    "misses_half_of_its_outcomes": ((LISTED,), (LISTED,)),
    "models_stay": ((WORSE, SLOWER, STUCK), (SLOWER,)),
    "new_iterate": ((WORSE, SLOWER, STUCK), (SLOWER,)),
    "old_iterate": ((DRIFT, SLOWER), (DRIFT, SLOWER)),
    "reference_without_full_gradient": ((STRAYED, SLOWER), (STRAYED, SLOWER)),
    "skips_and_keeps_the_mean_of_scaffnew": ((WORSE, STUCK), (SLOWER,)),
    "weight_of_one_client_less": ((MOVED, DRIFT, SLOWER), (MOVED, DRIFT, SLOWER)),
    "wrong_sign": ((WORSE, SLOWER, STUCK), (SLOWER,)),
}


# On logistic data, which cost a compilation each, one mutant of every sentence; all of them at night.
EVERY_RUN = {
    "advance_forgets_the_last_step",
    "coins_mean_of_heads",
    "counts_half_of_its_rounds",
    "differences_averaged_twice",
    "draws_twice_as_often",
    "frozen_control_variates",
    "old_iterate",
    "weight_of_one_client_less",
}
PAIRS = [pytest.param(name, QUADRATIC, id=f"{name}-quadratic") for name in MUTANTS] + [
    pytest.param(name, LOGISTIC, id=f"{name}-logistic", marks=() if name in EVERY_RUN else pytest.mark.nightly)
    for name, (_, on_logistic) in MUTANTS.items()
    if on_logistic  # or sampled paths do not visit the states in which the fault shows
]


def judged(command, path, problem, folder):
    """Return the exit code, and the sentence of each verdict that refutes."""
    found = command("verify", path, *problem, "--json", folder / "verdicts.json")
    assert not found.errors
    verdicts = json.loads((folder / "verdicts.json").read_text())
    return found.code, {one["evidence"]: one["sentence"] for one in verdicts if one["status"] == "refuted"}


def test_every_mutant_is_tested():
    assert {path.stem for path in FOLDER.glob("*.py")} == set(MUTANTS)


@pytest.mark.parametrize(("name", "problem"), PAIRS)
def test_a_mutant_is_refuted_by_what_it_breaks(name, problem, command, tmp_path):
    expected = MUTANTS[name][problem is LOGISTIC]
    code, refuted = judged(command, FOLDER / f"{name}.py", problem, tmp_path)
    assert code == 1
    for evidence, sentence in expected:
        assert re.search(sentence, refuted[evidence]), refuted


@pytest.mark.parametrize("problem", [QUADRATIC, LOGISTIC], ids=["quadratic", "logistic"])
def test_an_unchanged_copy_is_confirmed(problem, command, tmp_path):
    copy = tmp_path / "copy.py"
    shutil.copy(FOLDER.parents[1] / "algorithms" / "scaffnew.py", copy)
    assert judged(command, copy, problem, tmp_path) == (0, {})


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_exact_evidence_alone_confirms_no_wrong_map(name, command, tmp_path):
    """What lies about its randomness only is right in the eyes of the exact engine, and of it alone."""
    found = command("verify", FOLDER / f"{name}.py", *QUADRATIC, "--evidence", "exact")
    assert not found.errors
    lies = ("advance_forgets_the_last_step", "counts_half_of_its_rounds", "draws_half_as_often", "draws_twice_as_often")
    assert (found.code == 0) == (name in lies)


@pytest.mark.parametrize("change", sorted(catalogue.CHANGES))
def test_a_change_of_a_shipped_method_is_refuted(change, tmp_path):
    change = catalogue.CHANGES[change]
    path, problem = catalogue.write(change, tmp_path), problem_of(change.on)
    said = []
    for kind in default_evidence(path, problem):
        verdicts = theory.verify(path, problem, evidence=kind)
        said += [f"{verdict.evidence} {verdict.status}: {verdict.sentence}" for verdict in verdicts]
        if any(verdict.status == "refuted" for verdict in verdicts):
            return
    pytest.fail(f"{change.wrong}\n" + "\n".join(said))


def undefined(text):
    """Return the names that nothing defines in a file: a change that lacks an import fails by that alone."""
    top = symtable.symtable(text, "a change", "exec")
    defined = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    tables, used = [top], set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        used |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (table is top or symbol.is_global())
        }
    return used - defined - set(dir(builtins)) - {"__name__"}


def test_the_catalogue_has_changes_of_every_method_and_every_kind(tmp_path):
    changes = catalogue.CHANGES.values()
    assert sum(map(len, catalogue.FAMILIES.values())) == len(catalogue.CHANGES), "two changes have one name"
    assert min(Counter(change.method for change in changes)[name] for name in algorithms.names()) >= 2
    assert {change.kind for change in changes} == set(catalogue.KINDS)
    for change in changes:
        text = catalogue.write(change, tmp_path).read_text(encoding="utf-8")
        assert change.new != change.old
        assert not undefined(text), change.name
        assert change.wrong.endswith(".")
