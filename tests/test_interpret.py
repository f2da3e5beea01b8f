"""interpret.py from the command line: the page, its parts and errors; and the answers about planted networks."""

import dataclasses
import html
import json
import re

import pytest
from commands import NO_MICE, check_help_is_quick, check_refusal, files_in
from networks import LAYER, NETWORKS
from test_effects import untrained

from analysis.collection import name_parts_folder
from analysis.scorecard import read_predictions
from envs.spec import WorldSpec
from inside import study
from inside.answers import ANSWERS, answer_cheese_vector, group_mice, say
from inside.differences import compare_probes, describe_differences
from inside.figures import FIGURES
from inside.forecasts import CRITERIA
from inside.page import QUESTIONS
from inside.study import Plan

SMALL = ("levels=6", "device=cpu", "out=page")


@pytest.fixture
def quick(monkeypatch):
    for name, value in {
        "PROBED": 90,
        "MAPS": 30,
        "FEW": 1,
        "CLAMPED": (1, 2),
        "SCRUBBED": 2,
        "FACTORS": (-1.0, 1.0),
    }.items():
        monkeypatch.setattr(study, name, value)
    monkeypatch.setattr("inside.scrubbing.TRIED", 4)


@pytest.mark.slow
def test_the_page_answers_every_question_and_goes_on_where_it_was(call, tmp_path, checkpoint, quick, monkeypatch):
    command = ("interpret.py", f"checkpoint={checkpoint}", *SMALL)

    def stop(mouse, plan, earlier):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setitem(study.STUDIES, "offsets", study.Study(4, stop))
        code, _, errors = call(*command)
    assert code == 130 and "the same command resumes" in errors
    parts = files_in(tmp_path / "page" / "parts")
    assert sum(content is not None for content in parts.values()) == list(study.STUDIES).index("offsets")
    code, said, errors = call(*command)
    assert (code, errors) == (0, "") and "page: page/inside.html" in said
    assert parts.items() <= files_in(tmp_path / "page" / "parts").items()
    folder = tmp_path / "page"
    page = html.unescape(re.sub(r'src="data:image/png[^"]+"', "PICTURE", (folder / "inside.html").read_text()))
    summary = json.loads((folder / "inside.json").read_text())
    drawn = [drawing.name for drawings in FIGURES.values() for drawing in drawings]
    assert len(drawn) > len(FIGURES) and not re.search(r"\bnan\b", page)
    (studied,) = summary["mice"].values()
    missing = [name for name, example in studied["examples"].items() if example is None]
    assert page.count("PICTURE") == len(drawn) - len(missing)
    for name, question in QUESTIONS.items():
        assert question.question in page and question.published in page and question.otherwise in page
        if name in FIGURES:
            assert all((folder / "figures" / f"{name}.{kind}").exists() for kind in ("png", "svg"))
        (answer,) = summary["answers"][name].values()
        assert answer["sentence"].endswith(".") and answer["sentence"] in page


def test_every_question_has_an_answer_and_a_figure():
    assert set(QUESTIONS) - {"finetuning"} == set(ANSWERS) == set(FIGURES)
    assert set(CRITERIA) <= set(read_predictions().id)


def test_every_forecast_about_the_inside_has_a_criterion():
    from analysis.scorecard import CRITERIA as BEHAVIOUR

    assert set(CRITERIA) | set(BEHAVIOUR) == set(read_predictions().id) and not set(CRITERIA) & set(BEHAVIOUR)


def test_mice_of_one_world_and_size_share_their_untrained_networks(tmp_path):
    corner = untrained("cells")
    anywhere = corner._replace(spec=dataclasses.replace(corner.spec, cheese_region="anywhere"), header={"seed": 1})

    def folder(mouse, seed):
        return name_parts_folder(tmp_path, study.build_untrained(mouse, seed))

    assert folder(corner, 0) == folder(anywhere, 0)
    assert len({folder(mouse, 0) for mouse in (corner, untrained("cells", scale=2), untrained("rgb"))}) == 3
    assert folder(corner, 0) != folder(corner, 1)
    many = corner._replace(
        spec=WorldSpec.build(world_dim=7, num_levels=2**30, observation="cells", action_set="procgen")
    )
    assert study.build_untrained(many, 0).name != study.build_untrained(corner, 0).name
    wide = corner._replace(spec=WorldSpec.build(world_dim=9, num_levels=2**30, observation="cells"))
    assert study.build_untrained(wide, 0).name != study.build_untrained(corner, 0).name, "the same weights, other mazes"


@pytest.mark.parametrize(("name", "low", "high"), [("plain", 0.0, 5.0), ("indifferent", 0.0, 5.0)])
def test_the_answer_about_the_cheese_vector(name, low, high):
    mouse, plan = NETWORKS[name], Plan(LAYER, 12)
    measured = {"behaviour": study._behave(mouse, plan, {}), "steering": study._steer(mouse, plan, {})}
    answer = answer_cheese_vector([measured])
    rate = float(answer.sentence.split("probability ")[1].split(" %")[0])
    before = float(answer.beside.split("Before: ")[1].split(" %")[0])
    assert low <= rate <= high and (before > 70) == (name == "plain") and "1 mouse × 12 mazes" in answer.sentence


def test_shares_in_words():
    assert (
        say({"rate": 0.5, "low": 0.25, "high": 0.75, "n": 3, "levels": 64})
        == "50.0 % (25.0 to 75.0; 3 mice × 64 mazes)"
    )


def test_mice_fine_tuned_from_another_one_are_a_group_of_their_own():
    mouse = NETWORKS["plain"]
    begun = mouse._replace(
        header={"init": {"config": {"env": {"cheese_region": 0}}}}, path=mouse.path.with_name("begun")
    )
    assert group_mice([mouse, begun]) == {
        "top-right 2×2": ["planned"],
        "top-right 2×2, fine-tuned from corner": ["begun"],
    }


def test_groups_come_from_the_corner_to_anywhere():
    def trained_in(region, types=None):
        mouse = NETWORKS["plain"]
        spec = dataclasses.replace(mouse.spec, cheese_region=region, level_types=types)
        return mouse._replace(spec=spec, path=mouse.path.with_name(f"{region} {types}"))

    mice = [trained_in("anywhere"), trained_in(5, ("same",)), trained_in(5), trained_in(0)]
    assert list(group_mice(mice)) == ["corner", "top-right 5×5", "top-right 5×5, only same", "anywhere"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        *(((f"checkpoint={given}",), named) for given, named in NO_MICE[:4]),
        ((), "no checkpoint given; expected checkpoint=FILE.safetensors"),
        (
            ("checkpoint={mouse}", "layer=embedder.block4"),
            "no layer 'embedder.block4'; it has embedder, embedder.block1",
        ),
        (("checkpoint={mouse}", "layer=embedder.fc"), "embedder.fc has no maps"),
        (("checkpoint=[{mouse},{larger}]",), "all mice must be of one world"),
        (("checkpoint={mouse}", "finetuned={mouse}"), "finetuned= takes mice trained with env.cheese_region=anywhere"),
        (("checkpoint={mouse}", "finetuned=nowhere*"), "no mouse at finetuned=nowhere*"),
        (("checkpoint={mouse}", "levels=1"), "levels must be from 4 to 100,000, not 1"),
        (("checkpoint={mouse}", "nonsense=1"), "nonsense"),
    ],
)
def test_bad_input_is_told_in_one_line_and_leaves_nothing(call, tmp_path, given, arguments, named):
    check_refusal(call, tmp_path, given, ["interpret.py", *arguments], named)


def test_help_needs_no_slow_import(tmp_path):
    check_help_is_quick("interpret.py", tmp_path)


def mice_read_with(*rates: float, half: float = 0.001) -> list[study.Measured]:
    row = {"layer": "embedder.block2.res1", "target": "cheese"}
    return [{"probes": [row | {"rate": rate, "low": rate - half, "high": rate + half}]} for rate in rates]


def test_groups_are_compared_with_the_mice_trained_anywhere_over_seeds():
    reference = mice_read_with(0.50, 0.52, 0.48, 0.51, 0.49)
    members = {
        "corner": mice_read_with(0.30, 0.32, 0.28, 0.31, 0.29),
        "top-right 5×5": mice_read_with(0.50, 0.53, 0.47, 0.52, 0.48),
        "top-right 2×2": mice_read_with(0.1, 0.1, 0.1),
        "anywhere": reference,
    }
    rows = compare_probes(members)
    assert list(rows) == ["corner", "top-right 5×5"], "a group of three seeds is not compared"
    assert rows["corner"]["difference"] == pytest.approx(-0.2) and rows["corner"]["p_holm"] < 0.001
    assert rows["top-right 5×5"]["p_holm"] > 0.5
    assert "corner -20.0 points (-22." in describe_differences(rows)
    assert compare_probes({"corner": reference}) == {} and describe_differences({}) == ""


def test_a_difference_is_not_surer_than_its_mazes_allow():
    seeds = (0.5, 0.5, 0.5, 0.5, 0.5)
    rows = compare_probes({"corner": mice_read_with(*(each - 0.1 for each in seeds), half=0.1),
                           "anywhere": mice_read_with(*seeds, half=0.1)})  # fmt: skip
    half = 0.1 * 2**0.5
    assert (rows["corner"]["low"], rows["corner"]["high"]) == pytest.approx((-0.1 - half, -0.1 + half))
    assert rows["corner"]["verdict"] == "undetermined"
