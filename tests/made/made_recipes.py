"""Recipes as text, for tests of reading, planning and drawing them."""

from pathlib import Path

from longtail.stages.shipped import shipped_recipes
from longtail.stages.table import is_table, read_table, row_names
from longtail.stages.yaml_tree import read_tree

TWO_STAGES = """\
recipe: two
task: multilabel
model: {backbone: resnet18, weights: none}
defaults:
  epochs: 3
  optimizer: {adamw: {lr: 1e-3, weight_decay: 1e-6}}
  loss: bce
stages:
  rough: {image_size: 224, augment: [hflip, {cutout: {holes: 3}}]}
  fine:
    from: rough
    train: head
    loss: [bce, {asymmetric: {clip: 0.1, weight: 0.5}}]
    keep: {best: map}
predict: {tta: [identity, hflip]}
"""

TABLE = """\
table: two-stage
base: {task: singlelabel, model: {backbone: resnet18, weights: none}, defaults: {epochs: 8, loss: cross_entropy}}
stages:
  ce:
  focal: {loss: focal}
  crw: {train: head, epochs: 2, class_weights: inverse}
rows:
  CE: ce
  CE -> cRW: [ce, crw]
  Focal -> cRW:
    stages: [focal, {crw: {epochs: 5}}]
    group: two stages
    paper: {All: 0.5}
    set: {model.head: cosine}
"""


def written(folder: Path, text: str, name: str = "r.yaml") -> Path:
    """The text as a file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def every_recipe() -> list[str]:
    """Every shipped recipe, and every row of every shipped table, by name."""
    found = []
    for name, path in shipped_recipes().items():
        tree = read_tree(path)
        rows = row_names(read_table(tree, name)) if is_table(tree) else []
        found += [f"{name}:{row}" for row in rows] or [name]
    return found
