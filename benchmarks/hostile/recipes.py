"""Mutated recipes shown, validated against a manifest and, where they are small, fitted with `--smoke`.

A shipped recipe's YAML is changed as text, or as the tree that it stands for: at any depth a value of another kind, an
absurd number, an unknown key, a key gone or moved; stages that start from themselves or each other; names that are
paths.
"""

import copy
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from hostile.cells import BOMB, OTHER_TAG, OWNED, TAG
from hostile.damage import DAMAGE, Verdicts
from hostile.forked import CommandLine
from longtail.data import phantoms, split
from longtail.stages.shipped import shipped_recipes

SMALL = """
recipe: small
task: multilabel
model: {backbone: test_resnet, weights: none, channels: 1}
defaults: {image_size: 32, batch_size: 8, loss: bce, optimizer: {adamw: {lr: 0.001}}, epochs: 2}
stages:
  features: {augment: [hflip, {shift_scale: {}}], ema: {decay: 0.9}, keep: {best: map}, schedule: {cosine: {}}}
  more: {from: features, mix: mixup, loss: focal}
  head: {from: more, train: head, sampler: class_aware, oversample: {below_ap: 0.1, judged_by: features}}
predict: {ensemble: [more, head], tta: [identity, hflip]}
"""
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**63, 10**400, -(10**18), 0.5, -0.0, 1e308, float("nan"), float("inf"),
    float("-inf"), 1e-320, "", " ", "none", "auto", "nan", "1e5", "-1", "x" * 100_000, "../../x", "/dev/zero",
    "\x1b[31m",
    "\u202e", "\U0001f9e0", "a\nb", "a.b.c:d", "os.system", "builtins:eval", "{0}", "%s", [], {}, [[]], [{}], [None],
    {"": {}},
    {"a": 1}, [1, "a", None], ["hflip"] * 3000, {"bce": {"bce": {"bce": {}}}}, {"lr": 0.1, "adamw": 5}, [0] * 10,
    {1: 2},
    {None: None}, {"bce": None}, {"bce": [1]}, {"bce": {"reduction": "sum"}},
)  # fmt: skip
NAMES = (
    "",
    "../x",
    "/x",
    "a/b",
    ".",
    "..",
    "\x1b[31m",
    "x" * 300,
    "a\nb",
    "con",
    "-x",
    "\U0001f9e0",
    "a b",
    "all",
    "defaults",
    "\u202e",
)
OVERRIDES = (
    "stages.{s}.epochs=-1", "stages.{s}.epochs=1e999", "stages.{s}.epochs=nan", "=", "=1", "a=b=c", "stages..epochs=1",
    "...=1",
    "stages.{s}.loss={{bce: ", "stages.{s}.nope=1", "stages.nope.epochs=1", "stages=1", "stages.{s}=null",
    "stages.{s}.from={s}",
    "stages.{s}.batch_size=9999999999999", "stages.{s}.image_size=0", "stages.{s}.image_size=100000",
    "model.backbone=../x",
    "stages.{s}.optimizer.adamw.lr=nan", "stages.{s}.optimizer.adamw.lr=[1]", "recipe=", "task=nope", "\x1b[31m=1",
    "stages.{s}.loss=!!python/object/apply:os.system [touch owned-by-a-table]", "stages.{s}.loss=*a",
    "stages.{s}.augment=" + "[" * 2000,
    "stages.{s}.loss=" + "x" * 90_000, "stages.{s}.steps=0", "defaults.epochs=0", "images.on_bad=nope",
    "predict.ensemble=[nope]",
    "stages.{s}.loss.bce.x.y.z=1", "stages.0.epochs=1", "model={{}}", "model=null", "predict=5", "folds=1", "folds=-3",
    "folds=10000",
)  # fmt: skip
Tree = dict[str, Any]


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every value's container and key, at any depth."""
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else []
    return [place for key in keys for place in ((tree, key), *places(tree[key]))]


def another_value(tree: Tree, dice: random.Random) -> None:
    container, key = dice.choice(places(tree))
    container[key] = dice.choice(VALUES)


def a_value_from_elsewhere(tree: Tree, dice: random.Random) -> None:
    (container, key), (other, at) = dice.choice(places(tree)), dice.choice(places(tree))
    container[key] = copy.deepcopy(other[at])


def a_key_gone(tree: Tree, dice: random.Random) -> None:
    container, key = dice.choice(places(tree))
    del container[key]


def an_unknown_key(tree: Tree, dice: random.Random) -> None:
    inside = [tree, *(c[k] for c, k in places(tree) if isinstance(c[k], dict))]
    dice.choice(inside)[dice.choice(("nope", "epoch", "", "\x1b[31m", "x" * 500, "__class__"))] = dice.choice(VALUES)


def a_key_moved(tree: Tree, dice: random.Random) -> None:
    container, key = dice.choice([(c, k) for c, k in places(tree) if isinstance(c, dict)])
    value = container.pop(key)
    inside = [tree, *(c[k] for c, k in places(tree) if isinstance(c[k], dict))]
    dice.choice(inside)[key] = value


def a_cycle(tree: Tree, dice: random.Random) -> None:
    stages = _stages(tree)
    names = list(stages)
    role = dice.choice(("from", "from", "judged_by", "add"))
    for name, after in zip(names, names[1:] + names[:1], strict=True):
        if isinstance(stages[name], dict):
            stages[name][role] = [after] if role == "add" else after


def a_strange_stage(tree: Tree, dice: random.Random) -> None:
    stages = _stages(tree)
    old, new = dice.choice(list(stages)), dice.choice(NAMES)
    stages[new] = stages.pop(old) if dice.random() < 0.5 else copy.deepcopy(stages[old])


def many_stages(tree: Tree, dice: random.Random) -> None:
    stages = _stages(tree)
    last = list(stages)[-1]
    for i in range(dice.choice((10, 60))):
        stages[f"s{i}"] = {"from": last}
        last = f"s{i}" if dice.random() < 0.9 else last


def _stages(tree: Tree) -> dict[Any, Any]:
    stages = tree.get("stages")
    if not isinstance(stages, dict) or not stages:
        tree["stages"] = stages = {"main": {}}
    return stages


TREES: tuple[Callable[[Tree, random.Random], None], ...] = (
    another_value, another_value, another_value, a_value_from_elsewhere, a_key_gone, an_unknown_key, a_key_moved,
    a_cycle,
    a_strange_stage, many_stages,
)  # fmt: skip
TEXTS: dict[str, Callable[[str], str | bytes]] = {
    "empty": lambda _: "", "a word": lambda _: "recipe", "a list": lambda t: "- " + t.replace("\n", "\n  "),
    "null": lambda _: "null\n",
    "tabs": lambda t: t.replace("  ", "\t"), "zero bytes": lambda t: t.replace(":", ":\0", 3),
    "utf-16": lambda t: t.encode("utf-16"),
    "latin-1": lambda t: t.replace("recipe", "r\xe9cipe").encode("latin-1"), "byte-order mark": lambda t: "\ufeff" + t,
    "crlf": lambda t: t.replace("\n", "\r\n"),
    "twice": lambda t: t + "\n" + t, "documents": lambda t: t + "\n---\n" + t,
    "a tag": lambda t: t + f"\nnote: {TAG}\n", "another tag": lambda t: t + f"\nnote: {OTHER_TAG}\n",
    "a tag in place": lambda t: re.sub(r"epochs: \S+", f"epochs: {TAG}", t),
    "bomb": lambda t: BOMB + t + "\nnote: *i\n", "bomb in place": lambda t: BOMB + re.sub(r"augment: .*",
    "augment: *i", t),
    "itself": lambda t: "a: &a {b: *a}\n" + t, "merge of itself": lambda t: "a: &a\n  <<: *a\n" + t,
    "no anchor": lambda t: t.replace("recipe: ", "recipe: *nowhere # "), "deep": lambda t: t + "\nnote: " + "[" * 5000,
    "deep mappings": lambda t: t + "\nnote: " + "{a: " * 5000, "endless key": lambda t: "k" * 200_000 + ": 1\n" + t,
    "binary": lambda _: bytes(range(256)), "json": lambda _: '{"recipe": "x", "stages": []}',
    "percent": lambda t: "%YAML 9.9\n---\n" + t, "unknown tag": lambda t: t.replace("task: ", "task: !mine "),
    "number keys": lambda t: re.sub(r"^(\w+):", r"5\1: 1\n1:", t, flags=re.M), "indent": lambda t: t.replace("\n  ",
    "\n   ", 3),
    "control": lambda t: t.replace("recipe: ", 'recipe: "\\x1b[31m" # '), "surrogate": lambda t: t.replace("recipe: ",
    'recipe: "\\ud800" # '), "date": lambda t: re.sub(r"epochs: \S+", "epochs: 9999-99-99", t),
    "huge number": lambda t: re.sub(r"epochs: \w+", "epochs: " + "9" * 6000, t),
    "sixty": lambda t: re.sub(r"epochs: \w+", "epochs: 1:30", t), "octal": lambda t: re.sub(r"epochs: \w+",
    "epochs: 0o17", t),
}  # fmt: skip
MUST_TELL = {"empty", "a word", "a list", "null", "utf-16", "a tag", "another tag", "no anchor", "binary", "json"}


def mutated_recipes(command_line: CommandLine, home: Path, numbers: range, seed: str) -> dict[str, Any]:
    """These cases: four in ten a tree changed once to thrice, two in ten a text, two settings, two plain damage."""
    manifest = home / "data" / "split.csv"
    split(phantoms(home / "data", patients=12, size=48), "50/25/25").save(manifest)
    texts = {path.stem: path.read_text(encoding="utf-8") for path in shipped_recipes().values()}
    verdicts = Verdicts()
    for number in numbers:
        dice = random.Random(f"{seed} {number}")
        small = dice.random() < 0.4
        text = SMALL if small else dice.choice(list(texts.values()))
        met, changed, settings = changed_recipe(text, number, dice)
        path = home / f"case{number}.yaml"
        path.write_bytes(changed.encode("utf-8", "surrogatepass") if isinstance(changed, str) else changed)
        words = verb(path, manifest, small, dice)
        ended = command_line.run([*words, *settings], cwd=home)
        owned = "code from a file was run" if (home / OWNED).exists() else ""
        if verdicts.add(ended, met, must_tell=met.removeprefix("text: ") in MUST_TELL, files=path, wrong=owned):
            path.unlink()
    return {"cases": len(numbers), **verdicts.told()}


def changed_recipe(text: str, number: int, dice: random.Random) -> tuple[str, str | bytes, list[str]]:
    """What was done, the recipe, and settings for the command line."""
    kind = number % 10
    if kind < 4:
        tree = yaml.safe_load(text)
        ways = dice.choices(TREES, k=dice.choice((1, 1, 2, 3)))
        for way in ways:
            if places(tree):
                way(tree, dice)
        met = ways[0].__name__.replace("_", " ") if len(ways) == 1 else "several changes of the tree"
        return met, yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=10**6), []
    if kind < 6:
        name = list(TEXTS)[(number // 10 * 2 + kind) % len(TEXTS)]
        return f"text: {name}", TEXTS[name](text), []
    if kind < 8:
        stages = list(yaml.safe_load(text).get("stages") or {"main": {}})
        chosen = dice.sample(OVERRIDES, dice.choice((1, 1, 2)))
        return "settings", text, [each.format(s=dice.choice(stages)) for each in chosen]
    data = text.encode()
    for _ in range(dice.randint(1, 3)):
        data = dice.choice(DAMAGE)(data or b"x", dice)
    return "plain damage", data, []


def verb(path: Path, manifest: Path, small: bool, dice: random.Random) -> list[str]:
    """Mostly `validate`, now and then `show`; a small recipe is fitted at times, where bad values would tell."""
    if dice.random() < 0.2:
        return ["show", str(path)]
    if small and dice.random() < 0.35:
        return ["fit", str(path), str(manifest), "--smoke", "--out", f"runs/{path.stem}", "--prepared", "prepared"]
    return ["validate", str(path), str(manifest), "--smoke"]
