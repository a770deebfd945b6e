"""Time the first useful answers: ``make bench``, written to docs/answers.md.

Each story of ``tests/stories/`` is typed from its beginning up to the first command that computes something, each
command as a process of its own, as in a shell. It is typed once to warm the caches of compiled code, and then again in
another empty folder, so that no number is found there. Answers are held against what the story expects: a wrong one has
no time.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from rootkappa.tests.test_stories import STORIES, check_answers, told

TABLE = Path(__file__).parents[2] / "docs" / "answers.md"
TARGET = 60.0
COMPUTING = {"verify", "compare", "choose", "sweep", "plot"}
_HEAD = """# How long the first useful answer takes

Made by `make bench`: the stories of `tests/stories`, typed up to the first command that computes something, each
command as a process with warm caches of compiled code. Seconds are counted from the story's beginning.

| story | command | seconds | target | |
|---|---|---|---|---|
"""


class Step(NamedTuple):
    """A command of a story: its words, its code, the lines of its file and its answers."""

    words: list[str]
    code: int
    content: list[str]
    answers: list[str]


def first(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield the commands up to the first that computes something."""
    for step in steps:
        yield step
        if step.words[0] == "rootkappa" and step.words[1] in COMPUTING:
            return
    raise ValueError("This story computes nothing.")


def typed(step: Step, folder: Path) -> None:
    """Type a command in a folder, and hold its answer against what is expected."""
    if step.words[0] == "cat":
        Path(folder, step.words[2]).write_text("".join(f"{line}\n" for line in step.content), encoding="utf-8")
        return
    done = subprocess.run(
        [sys.executable, "-m", *step.words], cwd=folder, env=os.environ | {"COLUMNS": "200"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode != step.code:
        raise RuntimeError(f"{shlex.join(step.words)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    check_answers(step.answers, done.stdout + done.stderr)


def seconds(steps: Iterable[Step]) -> Iterator[tuple[str, float]]:
    """Yield each command that is no file of the story's own, and the seconds from the beginning until its answer."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        for step in steps:
            typed(step, Path(folder))
            if step.words[0] == "rootkappa":
                yield shlex.join(step.words), time.perf_counter() - started


def line(story: str, command: str, taken: float) -> str:
    """Return the row of the table."""
    return f"| {story} | `{command}` | {taken:.1f} | <= {TARGET:g} | {'pass' if taken <= TARGET else 'falls short'} |"


def main() -> None:
    """Write the table, row by row."""
    lines = list[str]()
    for path in STORIES:
        steps = list(first(Step(*step) for step in told(path)))
        list(seconds(steps))
        for command, taken in seconds(steps):
            lines.append(line(path.stem, command, taken))
            print(lines[-1], flush=True)
    TABLE.write_text(_HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
