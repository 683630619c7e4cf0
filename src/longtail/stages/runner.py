"""The runner: every stage of a recipe in the order of the graph, each at most once, then predictions and numbers."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from longtail.files import make_folder
from longtail.running.processes import World, agreed, meet
from longtail.stages.context import StageContext, Watch
from longtail.stages.graph import order_of, parents_of
from longtail.stages.identity import stage_identity
from longtail.stages.kinds import STAGE_KINDS
from longtail.stages.recipe import Recipe
from longtail.stages.store import Store, publish
from longtail.stages.workbench import Workbench


@dataclass
class Runner:
    """One recipe on one manifest with one seed; `identities` of the stages are worked out as their turn comes."""

    recipe: Recipe
    bench: Workbench
    store: Store
    run: Path
    seed: int = 0
    watch: Watch = field(default_factory=Watch)
    world: World = field(default_factory=World)
    identities: dict[str, str] = field(default_factory=dict)

    def stages(self) -> None:
        """Train what is not finished, and give the run every stage's files. Every process of a training calls this."""
        for name in order_of(self.recipe):
            identity = self.identity(name)
            if self._carry_out(name, identity):
                self.watch.on_note(f"{name}: finished before, reused ({identity})")
            if self.world.first:
                publish(self.store.place(identity), self.run / "stages" / name)
            meet(self.world)

    def identity(self, name: str) -> str:
        """The identity of a stage, which needs its pixels prepared and its parents' identities."""
        if name not in self.identities:
            needed = {each: self.identity(each) for each in parents_of(self.recipe, name)}
            data = self.bench.data_digest(self.recipe.stages[name].image_size)
            self.identities[name] = stage_identity(self.recipe, name, seed=self.seed, data=data, parents=needed)
        return self.identities[name]

    def _carry_out(self, name: str, identity: str) -> bool:
        """Run a stage in its folder of the store, unless it is finished: then that is all, and True comes back."""
        with ExitStack() as stack:
            if self.world.first and not self.store.finished(identity):
                stack.enter_context(self.store.working(identity, on_wait=self.watch.on_note))
            # Looked up again under the lock: another process may have finished it while this one waited.
            if not agreed(self.world.first and not self.store.finished(identity), self.world):
                if self.world.first:
                    self.store.tidy(identity)
                return True
            began = time.monotonic()
            facts = STAGE_KINDS.find(self.recipe.stages[name].kind).function(self._context(name, identity))
            if self.world.first:
                self.store.finish(identity, self._facts(name, facts, time.monotonic() - began))
            return False

    def _context(self, name: str, identity: str) -> StageContext:
        places = {each: self.store.place(self.identity(each)) for each in parents_of(self.recipe, name)}
        rows = self.bench.with_added({each: places[each] for each in self.recipe.stages[name].add})
        manifest, _ = self.bench.at(rows, self.recipe.stages[name].image_size)
        features = make_folder(self.store.folder / "features")
        pixels = lambda size: self.bench.at(manifest, size)[1]  # noqa: E731
        return StageContext(
            name, self.recipe, manifest, pixels, self.store.place(identity), self.seed, places, features, self.watch
        )

    def _facts(self, name: str, facts: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """`stage.json`: what every kind has, and what this one tells."""
        stage = self.recipe.stages[name]
        return {
            "name": name,
            "kind": stage.kind,
            "identity": self.identity(name),
            "parents": {each: self.identity(each) for each in parents_of(self.recipe, name)},
            "settings": stage.model_dump(mode="json", by_alias=True),
            "seed": self.seed,
            "seconds": round(seconds, 3),
            **facts,
        }
