"""What README and CONTRIBUTING promise to a newcomer: one file, verified, swept and drawn beside Scaffnew."""

import json


def test_a_file_of_ones_own_is_verified_swept_and_drawn_beside_scaffnew(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command("new", "my_method.py").code == 0
    found = command("verify", "my_method.py", "--problem", "quadratic", "--clients", 3, "--dim", 3, "--json", "v.json")
    assert found.code == 0, found
    assert {verdict["evidence"]: verdict["status"] for verdict in json.loads((tmp_path / "v.json").read_text())} == {
        "invariant": "confirmed",
        "exact": "confirmed",
        "path": "consistent",
        "exponent": "confirmed",
        "cost": "confirmed",
    }
    small = ("--clients", 3, "--dim", 3, "--kappa", "1e2:1e4:3")
    swept = command("sweep", "my_method.py", "scaffnew", "--exact", *small, "--json", "slopes.json")
    assert swept.code == 0, swept
    slopes = {(slope["method"], slope["axis"]): slope for slope in json.loads((tmp_path / "slopes.json").read_text())}
    for axis in ("rounds", "iterations"):
        own, shipped = slopes["my_method.py", axis], slopes["scaffnew", axis]
        assert own["status"] == "confirmed"
        assert own["slope"] == shipped["slope"]
    drawn = command("plot", "exponent", "--out", "figures")
    assert drawn.code == 0, drawn
    assert list((tmp_path / "figures").glob("*.png"))


def test_a_sweep_of_an_edited_file_computes_anew(command, tmp_path, monkeypatch):
    """A result belongs to what the file said when it was computed, not to its name."""
    monkeypatch.chdir(tmp_path)
    command("new", "mine.py", "--like", "scaffnew")
    words = ("sweep", "mine.py", "--exact", "--clients", 3, "--dim", 3, "--kappa", "1e1:1e3:3", "--json", "slopes.json")
    found = command(*words)
    assert "3 computed now" in found.output, found.errors
    assert "0 computed now" in command(*words).output
    text = (tmp_path / "mine.py").read_text()
    (tmp_path / "mine.py").write_text(text.replace("H[i, j] += params.p /", "H[i, j] += 0.0 * params.p /"))
    frozen = command(*words)
    assert "3 computed now" in frozen.output
    assert frozen.code == 1
