"""The questions that people bring, as they type them: each file in ``stories/`` holds commands and their answers.

A line with ``#`` tells the story, one with ``$`` is a command, and every other line must be found in what it prints,
in this order; how lines are broken there does not count, and ``...`` stands for anything. A command ends with code 0
unless ``# exits with 1`` stands behind it. Commands are those of Rootkappa, ``python FILE`` without Rootkappa, and
``cat > FILE <<END`` with the lines of a file up to ``END``. All of a story is typed in one empty folder.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

STORIES = sorted((Path(__file__).parent / "stories").glob("*.txt"))
# What is run as somebody would who has no Rootkappa.
ALONE = "import runpy, sys; sys.modules['rootkappa'] = None; runpy.run_path(sys.argv.pop(1), run_name='__main__')"


def told(path):
    """Return the commands of a story, each with the code that it must end with, its lines of a file and its answers."""
    steps, lines = [], iter(path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith("$ "):
            typed, _, code = line[2:].partition("# exits with ")
            typed, here, end = typed.partition("<<")
            content = list(iter(lambda: next(lines), end.strip())) if here else []
            steps.append((shlex.split(typed), int(code or 0), content, []))
        elif line.strip() and not line.startswith("#"):
            steps[-1][-1].append(line)
    return steps


def typed(words, content, command):
    """Return the code of a command and what it prints."""
    if words[0] == "rootkappa":
        found = command(*words[1:])
        return found.code, found.output + found.errors
    if words[:2] == ["cat", ">"]:
        Path(words[2]).write_text("".join(f"{line}\n" for line in content), encoding="utf-8")
        return 0, ""
    assert words[0] == "python", words
    found = subprocess.run([sys.executable, "-I", "-c", ALONE, *words[1:]], capture_output=True, text=True, check=False)
    return found.returncode, found.stdout + found.stderr


def check_answers(answers, output):
    """Check that what is expected is printed, each line behind the one before it."""
    rest = " ".join(output.split())
    for answer in answers:
        pattern = ".*?".join(re.escape(" ".join(part.split())) for part in answer.split("..."))
        found = re.search(pattern, rest)
        assert found, f"{answer!r} is not in {rest!r}"
        rest = rest[found.end() :]


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_a_story_goes_as_it_is_told(story, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    steps = told(story)
    assert any(answers for *_, answers in steps)
    for words, expected, content, answers in steps:
        code, output = typed(words, content, command)
        assert code == expected, f"{shlex.join(words)} ended with {code}: {output}"
        check_answers(answers, output)


@pytest.mark.parametrize(
    ("answers", "is_right"),
    [
        (["one two"], True),
        (["two", "one"], False),
        (["one ... four"], True),
        (["three", "five"], False),
        (["[2]"], True),
    ],
)
def test_answers_are_held_against_what_is_printed(answers, is_right):
    printed = "one\n  two three [2]\nfour"
    if is_right:
        check_answers(answers, printed)
    else:
        with pytest.raises(AssertionError, match="is not in"):
            check_answers(answers, printed)
