"""A problem of a sweep is known by the bytes of its data, whatever name or path leads to them."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from rootkappa import algorithms
from rootkappa.core.errors import InputError
from rootkappa.problems import data
from rootkappa.problems.data import catalog
from rootkappa.sweeps import Cell, ProblemSpec, problems
from rootkappa.sweeps.studies import StudyCell

TEXT = b"+1 1:0.5 3:2\n-1 2:1\n+1 1:1\n-1 2:2 4:1\n"
SET = data.DataSet("small", "Four samples", "libsvm", 4, 4, "this test", sha256=sha256(TEXT).hexdigest())


@pytest.fixture(params=["name", "path"])
def given(request, tmp_path, monkeypatch):
    """Return data that can be changed, and how a user names them."""
    known, described = data.names(), catalog._described
    monkeypatch.setattr(catalog, "names", lambda: [*known, "small"])
    monkeypatch.setattr(catalog, "_described", lambda name: SET if name == "small" else described(name))
    monkeypatch.setenv(catalog.VARIABLE, str(tmp_path))
    file = tmp_path / "small"
    file.write_bytes(TEXT)
    return file, "small" if request.param == "name" else str(file)


def value(spec):
    return spec.build().value(np.ones(4))


def test_other_labels_are_another_problem_within_one_process(given):
    file, name = given
    spec = ProblemSpec("logistic", clients=2, kappa=10.0, data=name)
    cells = [
        Cell("scaffnew", spec),
        Cell("scaffnew", replace(spec, alpha=1.0)),
        StudyCell("sparsity", "scaffnew", spec),
    ]
    before, first = [cell.key() for cell in cells], value(spec)
    file.write_bytes(TEXT.replace(b"+1 1:0.5", b"-1 1:0.5"))
    assert not {cell.key() for cell in cells} & set(before)
    changed = value(spec)
    assert changed != first
    file.write_bytes(TEXT)
    assert [cell.key() for cell in cells] == before
    assert value(spec) == first


def test_a_problem_is_built_once_for_as_long_as_its_data_are_the_same(given):
    file, name = given
    spec = ProblemSpec("logistic", clients=2, kappa=11.0, data=name)
    built = spec.build()
    file.write_bytes(TEXT)
    assert spec.build() is built
    file.write_bytes(TEXT.replace(b"3:2", b"3:1"))
    assert spec.build() is not built


def test_data_that_change_while_they_are_read_are_refused(given, monkeypatch):
    file, name = given
    load = problems.Logistic.load

    def slowly(*arguments, **options):
        problem = load(*arguments, **options)
        file.write_bytes(TEXT.replace(b"3:2", b"3:1"))
        return problem

    monkeypatch.setattr(problems.Logistic, "load", slowly)
    with pytest.raises(InputError, match=r"^data = .*small' changed while it was read: run this again"):
        ProblemSpec("logistic", clients=2, kappa=12.0, data=name).build()


def test_data_that_are_not_there_are_known_by_what_the_catalogue_says(given):
    file, name = given
    cell = Cell("scaffnew", ProblemSpec("logistic", data=name))
    before = cell.key()
    file.unlink()
    if name == "small":
        assert cell.key() == before
    else:
        with pytest.raises(InputError, match="does not exist"):
            cell.key()


def test_softmax_is_taken_where_it_is_named():
    assert [spec.problem for spec in problems.problem_specs([10.0])] == ["quadratic", "logistic"]
    (spec,) = problems.problem_specs([10.0], ["softmax"], partition="label", clients=3)
    assert (spec.data, spec.partition) == ("digits", "by_label")
    both = problems.problem_specs([10.0], ["logistic", "softmax"], ["wine"])
    assert [(spec.problem, spec.data) for spec in both] == [("logistic", "wine"), ("softmax", "wine")]
    built = [spec.build() for spec in both]
    assert [problem.d for problem in built] == [13, 39]
    assert len({Cell("scaffnew", spec).key() for spec in both}) == 2


def test_a_kind_that_is_unknown_is_refused():
    with pytest.raises(InputError, match="unknown problem 'quadratics': did you mean 'quadratic'"):
        ProblemSpec("quadratics").build()


def test_a_method_that_runs_on_no_usual_problem_gets_one_that_suits_it():
    usual = problems.problem_specs([20.0], clients=4)
    methods = [algorithms.get(name) for name in ("scaffnew", "fedclg_s", "fedreg", "fedclg_c")]
    tried = problems.tried_on(methods, usual)
    found = {(spec.problem, spec.server): [method.name for method in some] for spec, some in tried.items()}
    assert found == {
        ("quadratic", 0.0): ["scaffnew"],
        ("logistic", 0.0): ["scaffnew"],
        ("logistic", 0.1): ["fedclg_s", "fedclg_c"],
        ("softmax", 0.0): ["fedreg"],
    }
    assert {(spec.kappa, spec.clients, spec.problem_seed) for spec in tried} == {(20.0, 4, 0)}


def test_a_method_that_runs_nowhere_is_tried_where_all_are():
    nowhere = replace(algorithms.get("scaffnew"), own_check=refuse)
    usual = problems.problem_specs([20.0], clients=4)
    assert problems.tried_on([nowhere], usual) == {spec: [nowhere] for spec in usual}


def refuse(problem):
    raise InputError("it runs nowhere")


def test_a_table_is_its_bytes_and_what_is_made_of_it(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("age,clinic,ill\n1,a,0\n2,a,1\n3,b,0\n4,b,1\n5,b,1\n7,b,2\n")
    named = {"label_column": "ill", "client_column": "clinic", "labels": "0:1"}
    (spec,) = problems.problem_specs([10.0], data=[str(file)], **named)
    problem = spec.build()
    assert (spec.clients, problem.n, problem.client_ids.tolist()) == (2, 2, ["a", "b"])
    changes = ({"weights": "samples"}, {"intercept": "free"}, {"standardise": True}, {"labels": "0:1,2"})
    others = [replace(spec, **change) for change in changes]
    kernels = {one.build().content_key() for one in (spec, *others)}
    keys = {Cell("scaffnew", one).key() for one in (spec, *others)}
    assert len(kernels) == len(keys) == 5
    for one in (spec, *others):
        assert Cell.from_row(Cell("scaffnew", one).configuration()) == Cell("scaffnew", one)
    file.write_text(file.read_text().replace("5,b", "6,b"))
    assert spec.build().content_key() not in kernels
    assert Cell("scaffnew", spec).key() not in keys


def test_a_store_from_before_there_was_a_field_is_read():
    row = Cell("scaffnew", ProblemSpec("logistic")).configuration()
    for name in ("label_column", "client_column", "labels", "weights", "intercept", "standardise"):
        del row[name]
    assert Cell.from_row(row) == Cell("scaffnew", ProblemSpec("logistic"))
