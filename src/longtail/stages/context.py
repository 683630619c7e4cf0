"""What the runner gives a stage of any kind: its place in the graph, the data, the folder to work in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from longtail.data.images.prepared import Prepared
from longtail.data.manifest import Manifest
from longtail.running.log import Event
from longtail.stages.recipe import Recipe, Stage


def told_as(stage: str, event: Event) -> str:
    """The stage's name, with the candidate of its search that a line is of."""
    return f"{stage} ({event['candidate']})" if "candidate" in event else stage


@dataclass(frozen=True)
class Watch:
    """Who looks on while stages run; every call is cheap and may be left out."""

    on_note: Callable[[str], None] = lambda _: None  # one line for people
    on_event: Callable[[str, Event], None] = lambda *_: None  # stage, a line of its log
    on_step: Callable[[str, int, int, float], None] = lambda *_: None  # stage, steps done, of all, images/s
    on_prepare: Callable[[int, int, int], None] = lambda *_: None  # size, images done, of all


@dataclass(frozen=True, eq=False)
class StageContext:
    """One stage about to run. `manifest` has the rows that training may see (no test split) with what `add` adds."""

    name: str
    recipe: Recipe
    manifest: Manifest
    pixels: Callable[[int], Prepared]  # of the manifest's rows, at a size
    folder: Path
    seed: int
    parents: Mapping[str, Path] = field(default_factory=dict)  # finished stages by name
    feature_store: Path | None = None
    watch: Watch = field(default_factory=Watch)

    @property
    def stage(self) -> Stage:
        """The stage's settings."""
        return self.recipe.stages[self.name]

    @property
    def parent(self) -> Path | None:
        """The folder of the stage that this one starts from."""
        return self.parents[self.stage.parent] if self.stage.parent else None
