import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from rootkappa import algorithms
from rootkappa.core.errors import InputError
from rootkappa.plots import convergence, exponent
from rootkappa.plots.parts import style

METHODS = ["gradient_descent", "nesterov", "fedavg", "scaffold_1", "scaffold_2", "proxskip", "scaffnew"]
LABELS = {
    "rounds": "communication rounds",
    "iterations": "iterations",
    "floats": "floats sent and received per client",
    "bits": "bits sent and received per client",
    "gradients": "local gradients",
}


def traces(method="scaffnew", rounds=300, seeds=1, label=None, promise=True, noise=0.0):
    parts = []
    for seed in range(seeds):
        t = np.arange(rounds + 1.0)
        value = 10 ** (-20 * t / rounds)
        value[1:] *= np.exp(noise * np.random.default_rng(seed).normal(size=rounds))
        part = {
            "round": t,
            "iteration": 10 * t + seed * (t > 0),
            "lyapunov": 3 * value,
            "distance": value,
            "gap": value,
        }
        part |= {
            "floats_up": 4 * t,
            "floats_down": 3 * t,
            "bits_up": 256 * t,
            "bits_down": 192 * t,
            "gradients": t,
        }
        part["promise"] = 10 ** (-18 * t / rounds) if promise else np.nan
        parts.append(pd.DataFrame(part).assign(label=label or method, method=method, seed=seed))
    return pd.concat(parts, ignore_index=True)


def points(slope=0.5, methods=("scaffnew",)):
    kappa = 10.0 ** np.arange(2, 7)
    return pd.concat([pd.DataFrame({"method": m, "kappa": kappa, "value": 9 * kappa**slope}) for m in methods])


def slopes(slope=0.502, low=0.499, high=0.505, promised=0.5, methods=("scaffnew",)):
    return pd.DataFrame({"method": methods, "slope": slope, "low": low, "high": high, "promised": promised})


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def is_promise(line):
    return line.get_linewidth() == style.PROMISED["linewidth"] and line.is_dashed()


def one_sentence(error, *words):
    message = str(error.value)
    assert message.endswith(".")
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize("axis", LABELS)
def test_the_axis_names_what_is_counted(axis):
    axes = convergence.figure(traces(), axis=axis).axes[0]
    assert axes.get_xlabel() == LABELS[axis]
    assert exponent.figure(points(), slopes(), axis=axis).axes[0].get_ylabel() == f"{LABELS[axis]} to ε"


def test_floats_and_bits_add_both_directions():
    for axis, total in (("floats", 7 * 300), ("bits", 448 * 300)):
        line = convergence.figure(traces(), axis=axis).axes[0].lines[0]
        assert line.get_xdata()[-1] == total


def test_names_that_are_unknown_get_one_sentence():
    with pytest.raises(InputError) as error:
        convergence.figure(traces(), axis="round")
    one_sentence(error, "axis 'round'", "did you mean 'rounds'")
    with pytest.raises(InputError) as error:
        convergence.figure(traces(), measure="lyapunow")
    one_sentence(error, "measure 'lyapunow'", "did you mean 'lyapunov'")
    with pytest.raises(InputError) as error:
        exponent.figure(points(), slopes(), axis="byte")
    one_sentence(error, "axis 'byte'")


def test_a_curve_is_relative_to_its_start():
    line = convergence.figure(traces()).axes[0].lines[0]
    np.testing.assert_allclose(line.get_ydata(), 10 ** (-20 * line.get_xdata() / 300), rtol=1e-9)


def test_a_label_shows_the_median_of_its_seeds_within_their_range():
    frame = traces(seeds=5, noise=1.0, promise=False)
    figure = convergence.figure(frame)
    (line,), (band,) = figure.axes[0].lines, figure.axes[0].collections
    seeds = frame.assign(value=frame["lyapunov"] / 3).pivot(index="round", columns="seed", values="value")
    np.testing.assert_allclose(line.get_ydata(), seeds.median(axis=1), rtol=1e-9)
    heights = band.get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose([heights.min(), heights.max()], [seeds.min(axis=None), seeds.max(axis=None)], rtol=1e-9)
    assert legend(figure) == ["scaffnew", "range of 5 seeds"]


def test_seeds_that_end_apart_share_a_grid():
    frame = pd.concat([traces(rounds=rounds).assign(seed=rounds) for rounds in (200, 300, 400)], ignore_index=True)
    line = convergence.figure(frame, axis="iterations").axes[0].lines[0]
    assert line.get_xdata()[-1] == 3000
    np.testing.assert_allclose(line.get_ydata(), 10 ** (-20 * line.get_xdata() / 3000), rtol=1e-9)


def test_the_promise_is_dashed_in_the_curves_colour_and_named_once():
    frame = pd.concat([traces("scaffnew"), traces("nesterov", rounds=500)], ignore_index=True)
    figure = convergence.figure(frame)
    assert legend(figure) == ["scaffnew", "nesterov", "promised"]
    first, promise, second, other = figure.axes[0].lines
    assert [is_promise(line) for line in (first, promise, second, other)] == [False, True, False, True]
    assert promise.get_color() == first.get_color() != second.get_color() == other.get_color()
    x, y = promise.get_data()
    np.testing.assert_allclose(np.diff(np.log10(y)) / np.diff(x), -18 / 300, rtol=1e-9)


def test_the_promise_speaks_of_the_lyapunov_function_only():
    assert legend(convergence.figure(traces(), measure="distance")) == ["scaffnew"]


def test_no_promise_is_no_line():
    for frame in (traces(promise=False), traces().drop(columns="promise")):
        figure = convergence.figure(frame)
        assert len(figure.axes[0].lines) == 1
        assert legend(figure) == ["scaffnew"]


def test_the_horizontal_axis_is_logarithmic_for_lengths_far_apart_only():
    short = traces("scaffnew", 300)
    for rounds, scale in ((1000, "linear"), (9000, "log")):
        frame = pd.concat([short, traces("gradient_descent", rounds)], ignore_index=True)
        axes = convergence.figure(frame).axes[0]
        assert axes.get_xscale() == scale
        assert axes.get_xlim()[1] >= rounds


def test_that_a_method_rests_early_is_seen():
    frame = traces(promise=False)
    frame["lyapunov"] = np.maximum(frame["lyapunov"], 0.3)
    assert convergence.figure(frame).axes[0].get_xlim()[1] >= 300 / 4


def test_zeros_and_what_is_not_finite_are_left_out():
    frame = traces(promise=False)
    frame.loc[200:, "lyapunov"] = 0.0
    frame.loc[100, "lyapunov"] = np.nan
    frame.loc[101, "lyapunov"] = np.inf
    axes = convergence.figure(frame).axes[0]
    assert len(axes.lines[0].get_xdata()) == 198
    frame.loc[150, "lyapunov"] = 1e-200
    frame.loc[151, "lyapunov"] = 1e200
    bottom, top = convergence.figure(frame).axes[0].get_ylim()
    assert 1e-34 < bottom < top < 1e8


@pytest.mark.parametrize("rows", [1, 2, 13])
def test_few_points_are_a_figure(rows):
    figure = convergence.figure(traces().iloc[:rows])
    assert figure.axes[0].lines[0].get_markevery() is not None
    figure.draw_without_rendering()


def test_a_label_without_the_measure_is_named():
    frame = pd.concat([traces(), traces("fedavg").assign(lyapunov=np.nan, promise=np.nan)], ignore_index=True)
    assert "fedavg (not measured)" in legend(convergence.figure(frame))
    with pytest.raises(InputError) as error:
        convergence.figure(frame.assign(gap=0.0), measure="gap")
    one_sentence(error, "measure = 'gap'")


def test_nearly_equal_curves_are_both_visible():
    near = traces("scaffnew")
    near["lyapunov"] *= np.where(near["round"] > 0, 1.0 + 1e-6, 1.0)
    frame = pd.concat([traces("proxskip"), near], ignore_index=True)
    lower, _, upper, _ = convergence.figure(frame).axes[0].lines
    assert lower.get_linewidth() > 2 * upper.get_linewidth()
    assert not set(lower.get_markevery()) & set(upper.get_markevery())
    both = {"methods": ("proxskip", "scaffnew")}
    lines = exponent.figure(points(**both), slopes(**both)).axes[0].lines
    widths = [line.get_linewidth() for line in lines if line.get_linestyle() == "-"]
    assert widths[0] > 2 * widths[1]


@pytest.mark.parametrize(
    "family",
    [
        METHODS,
        ["scaffnew", "compressed_scaffnew", "tamuna", "locodl"],
        ["fedcomloc_com", "fedcomloc_local", "fedcomloc_global"],
        ["sparse_proxskip_server_soft", "proxskip", "sparse_proxskip_l1"],
        [f"sparse_proxskip{variant}" for variant in ("", "_local", "_ste", "_server", "_server_kept")],
        ["scaffnew", "decentralized_scaffnew", "proxskip_vr", "sproxskip"],
        ["scaffnew", "randprox", "randprox_fl"],
    ],
)
def test_methods_that_are_compared_differ_in_colour(family):
    assert len({look.colour for look in style.looks(family)}) == len(family)


def test_methods_look_the_same_in_each_figure():
    every = style.looks(METHODS)
    assert len({look.marker for look in every}) == len(METHODS)
    assert [style.looks([method])[0] for method in METHODS] == every
    drawn = convergence.figure(traces("nesterov")).axes[0].lines[0]
    fitted = exponent.figure(points(methods=["nesterov"]), slopes(methods=["nesterov"])).axes[0].lines[0]
    assert to_hex(drawn.get_color()) == to_hex(fitted.get_color()) == every[1].colour.lower()


def test_methods_of_one_figure_share_no_colour_while_one_is_free():
    names = [f"method{number}" for number in range(7)]
    found = style.looks([*names, "method0 p=0.1", "another"])
    assert len({look.colour for look in found[:7]}) == 7
    assert found[7].colour == found[0].colour
    assert found[8].colour in {look.colour for look in found[:7]}
    assert len(set(found)) == 9


def test_lines_of_one_method_differ_without_colour():
    several = style.looks(["scaffnew"] * 4)
    assert len({(look.marker, look.linestyle) for look in several}) == 4
    assert len({look.colour for look in several}) == 1


@pytest.mark.parametrize("labels", [["a"], ["a" * 30] * 5, ["a" * 120]])
def test_the_legend_is_inside_the_figure_and_above_the_curves(labels):
    frames = [traces(label=f"{label}{place}") for place, label in enumerate(labels)]
    figure = convergence.figure(pd.concat(frames, ignore_index=True))
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1
    assert box.y1 <= figure.bbox.y1
    assert box.y0 >= figure.axes[0].get_window_extent().y1


def test_the_legend_holds_the_slope_its_interval_and_the_promise():
    assert legend(exponent.figure(points(), slopes()))[0] == "scaffnew: 0.502 [0.499, 0.505], promised 1/2"
    assert legend(exponent.figure(points(), slopes(promised=1.0)))[0].endswith("promised 1")
    assert legend(exponent.figure(points(), slopes(promised=0.7321)))[0].endswith("promised 0.732")
    assert legend(exponent.figure(points(), slopes(promised=np.nan))) == ["scaffnew: 0.502 [0.499, 0.505]"]
    assert legend(exponent.figure(points(), slopes(low=np.nan)))[0] == "scaffnew: 0.502, promised 1/2"


@pytest.mark.parametrize("promised", [0.5, 1.0])
def test_the_promised_line_has_the_promised_slope_through_the_middle(promised):
    axes = exponent.figure(points(slope=0.6), slopes(slope=0.6, promised=promised)).axes[0]
    assert axes.get_xlabel() == "condition number κ"
    (promise,) = [line for line in axes.lines if is_promise(line)]
    (fit,) = [line for line in axes.lines if line.get_linestyle() == "-"]
    for line, slope in ((promise, promised), (fit, 0.6)):
        x, y = np.log10(line.get_data())
        np.testing.assert_allclose(np.diff(y) / np.diff(x), slope, rtol=1e-9)
        np.testing.assert_allclose(np.interp(4.0, x, y), np.log10(9) + 0.6 * 4, rtol=1e-9)
    assert promise.get_color() == fit.get_color()


def test_an_exponent_of_one_point_or_without_a_slope_is_a_figure():
    figure = exponent.figure(points().iloc[:1], slopes(slope=np.nan, low=np.nan, high=np.nan))
    assert legend(figure)[0] == "scaffnew: no slope, promised 1/2"
    figure = exponent.figure(points(methods=["scaffnew", "mine"]), slopes())
    assert "mine: no slope" in legend(figure)
    frame = pd.concat([points(), points(methods=["never"]).assign(value=np.nan)])
    assert "never: no slope" in legend(exponent.figure(frame, slopes()))
    with pytest.raises(InputError) as error:
        exponent.figure(points().assign(value=np.inf), slopes())
    one_sentence(error, "points has no row")


def test_saving_twice_gives_the_same_bytes(tmp_path):
    frame = pd.concat([traces(seeds=3, noise=0.5), traces("nesterov")], ignore_index=True)
    figure = convergence.figure(frame)
    first = style.save(figure, tmp_path / "a" / "kappa_1e4.5", "rootkappa plot runs.sqlite")
    second = style.save(figure, tmp_path / "b" / "kappa_1e4.5", "rootkappa plot runs.sqlite")
    third = style.save(convergence.figure(frame), tmp_path / "c" / "kappa_1e4.5", "rootkappa plot runs.sqlite")
    assert [path.name for path in first] == ["kappa_1e4.5.svg", "kappa_1e4.5.png", "kappa_1e4.5.txt"]
    for paths in zip(first, second, third, strict=True):
        assert len({path.read_bytes() for path in paths}) == 1
    svg, png, text = (path.read_bytes() for path in first)
    assert b"<dc:date>" not in svg
    assert b"Software" not in png
    assert text == b"rootkappa plot runs.sqlite\n"


def test_another_process_with_other_settings_saves_the_same_bytes(tmp_path):
    code = """if True:
        import sys
        import matplotlib, numpy as np, pandas as pd
        if sys.argv[2]:
            matplotlib.rcParams.update({"font.size": 20, "axes.grid": False, "svg.fonttype": "none"})
        from rootkappa.plots import exponent
        from rootkappa.plots.parts import style
        kappa = 10.0 ** np.arange(2, 7)
        points = pd.DataFrame({"method": "scaffnew", "kappa": kappa, "value": kappa})
        slopes = pd.DataFrame({"method": ["scaffnew"], "slope": 1, "low": 1, "high": 1, "promised": 1.0})
        style.save(exponent.figure(points, slopes), sys.argv[1], "command")
        sys.exit("matplotlib.pyplot" in sys.modules)
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    for name, other in (("one", ""), ("two", "yes")):
        arguments = [sys.executable, "-c", code, str(tmp_path / name), other]
        assert subprocess.run(arguments, env=environment, check=False).returncode == 0
    for ending in ("svg", "png"):
        one, two = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("one", "two"))
        assert one == two


def test_a_stem_that_cannot_be_written_gets_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    for stem in (tmp_path / "file" / "figure", "", "a\0b"):
        with pytest.raises(InputError) as error:
            style.save(Figure(), stem, "command")
        one_sentence(error, "stem = ", "give a path in a folder that you can write to")


def test_long_traces_are_drawn_with_no_more_points_than_the_eye_resolves():
    frame = pd.concat([traces(rounds=30_000), traces("nesterov", 300)], ignore_index=True)
    line = convergence.figure(frame).axes[0].lines[0]
    x = line.get_xdata()
    assert 500 < len(x) <= 1500
    assert x[-1] == 30_000
    assert all(one < two for one, two in pairwise(x))


MANY = [f"method{place}" for place in range(style.MOST_LINES + 1)]


def test_many_lines_get_a_panel_each_beside_all_others_in_grey():
    figure = convergence.figure(pd.concat([traces(name) for name in MANY], ignore_index=True))
    assert [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()] == MANY
    assert legend(figure) == ["promised", "the others"]
    fitted = exponent.figure(points(methods=MANY), slopes(methods=MANY))
    assert fitted.axes[1].get_title(loc="left") == "method1\n0.502 [0.499, 0.505], promised 1/2"
    assert legend(fitted) == ["promised slope", "the others"]
    for panel in (figure.axes[1], fitted.axes[1]):
        grey = [line for line in panel.lines if line.get_color() == style.BEHIND["color"]]
        assert len(grey) == len(MANY) - 1
    limits = {axes.get_ylim() for axes in fitted.axes}
    assert len(limits) == 1


def test_no_title_of_a_panel_leaves_the_figure():
    names = [*MANY, "sparse_proxskip_server_kept"]
    figure = exponent.figure(points(methods=names), slopes(methods=names))
    for axes in figure.axes[: len(names)]:
        title = next(
            child for child in axes.get_children() if getattr(child, "get_text", str)().startswith(tuple(names))
        )
        assert title.get_window_extent().x1 <= figure.bbox.x1


def test_a_figure_takes_what_a_run_has_returned(problem):
    descent = algorithms.get("gradient_descent")
    short, long = (
        algorithms.run(descent, problem, descent.Params(gamma=share / problem.L), rounds=9) for share in (0.5, 1.0)
    )
    (alone,) = convergence.figure(short, "bits", "gap").axes[0].lines
    assert alone.get_xdata()[-1] == short.last("bits_up") + short.last("bits_down")
    both = [line.get_label() for line in convergence.figure([short, long], measure="distance").axes[0].lines]
    assert both == [f"Gradient descent, gamma = {trace.params.gamma:.6g}" for trace in (short, long)]
    with pytest.raises(InputError, match=r"^traces are neither a table nor traces"):
        convergence.figure([problem])
    with pytest.raises(InputError, match=r"^axis = 'seconds' is not recorded"):
        convergence.figure(short, "seconds")
