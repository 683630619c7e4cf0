"""`longtail export`."""

from pathlib import Path
from typing import Annotated, Any

import typer


def export(
    run: Annotated[Path, typer.Argument(help="The run, as longtail fit wrote it.")],
    out: Annotated[Path | None, typer.Option(help="The folder to write. [default: RUN/export-FORMAT]")] = None,
    format: Annotated[str, typer.Option(help="onnx, torch or openvino.")] = "onnx",
    int8: Annotated[bool, typer.Option("--int8", help="8 bits, with the loss in mAP measured on validation.")] = False,
    stage: Annotated[
        list[str] | None, typer.Option(help="A stage that predicts; repeat. [default: the recipe's ensemble]")
    ] = None,
    tta: Annotated[
        list[str] | None, typer.Option(help="A view such as hflip; repeat; identity for none. [default: the recipe's]")
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="With images to compare on. [default: the one that the run was trained on]")
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="Folder of prepared images. [default: prepared/ beside the manifest]")
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Export nothing: print parameters, size, speed and memory.")
    ] = False,
    against: Annotated[
        str | None, typer.Option(help="With --profile: a backbone to compare with, such as resnet50.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="With --profile: images at once.")] = 8,
) -> None:
    """Write a run as one folder that predicts without it (ONNX, PyTorch, OpenVINO), or profile it."""
    from longtail.cli.console import note, say
    from longtail.errors import UserError

    if profile:
        return _profile(run, {"against": against, "stages": stage, "batch_size": batch_size})
    if against:
        raise UserError("--against compares costs; write it with --profile.")
    from longtail.data.manifest import Manifest
    from longtail.export.exporting import export as work
    from longtail.files import in_words

    given = Manifest.load(manifest, check_files=False) if manifest else None
    options: dict[str, Any] = {"format": format, "int8": int8, "stages": stage, "tta": tta, "store": store}
    done = work(run, out, manifest=given, tell=note, **options)
    say(f"wrote {done.folder}: {in_words(done.bytes)}; see {done.folder / 'model-card.md'}")
    say(f"largest difference from predict: {done.parity.difference:.2g}, on {done.parity.on}")
    if done.loss:
        say(
            f"int8: mAP {done.loss.after:.4f} instead of {done.loss.before:.4f}, over {done.loss.over} labels on"
            f" {done.loss.on}"
        )
    return None


def _profile(run: Path, options: dict[str, Any]) -> None:
    from longtail.cli.console import table
    from longtail.export.profiling import profile as work
    from longtail.files import in_words

    rows = [
        [
            cost.name, cost.image_size, f"{cost.parameters / 1e6:.2f} M", in_words(cost.bytes), round(cost.gflops, 2),
            f"{cost.seconds * 1e3:.1f} ms", round(cost.images_per_s, 1), in_words(cost.memory) if cost.memory else "",
        ]
        for cost in work(run, **options)
    ]  # fmt: skip
    names = ("network", "pixels", "parameters", "weights", "GFLOPs", "one image", "images/s", "memory")
    table(f"Cost of '{run}' (batches of {options['batch_size']})", names, rows)
