"""The time of a first answer is taken of the stories' own commands, and of right answers only."""

import pytest

from rootkappa.tests.bench import answers
from rootkappa.tests.test_stories import STORIES, told


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_a_story_is_typed_up_to_its_first_result(story):
    steps = [answers.Step(*step) for step in told(story)]
    chosen = list(answers.first(steps))
    assert chosen == steps[: len(chosen)]
    assert [step.words[1] in answers.COMPUTING for step in chosen] == [False] * (len(chosen) - 1) + [True]
    assert chosen[-1].answers


def test_a_wrong_answer_or_a_wrong_code_has_no_time(tmp_path):
    typed = ["rootkappa", "list", "no_such_method"]
    answers.typed(answers.Step(typed, 2, [], ["no_such_method"]), tmp_path)
    with pytest.raises(RuntimeError, match="ended with 2"):
        answers.typed(answers.Step(typed, 0, [], []), tmp_path)
    with pytest.raises(AssertionError, match="is not in"):
        answers.typed(answers.Step(typed, 2, [], ["a table"]), tmp_path)


def test_a_row_says_whether_it_is_soon_enough():
    assert answers.line("a", "b", 60.0) == "| a | `b` | 60.0 | <= 60 | pass |"
    assert answers.line("a", "b", 60.2).endswith("| falls short |")
