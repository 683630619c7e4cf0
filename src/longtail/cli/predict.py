"""`longtail predict`."""

from pathlib import Path
from typing import Annotated, Any

import typer


def predict(
    paths: Annotated[list[Path], typer.Argument(help="RUN or EXPORT, then MANIFEST; with --from, predictions files.")],
    out: Annotated[Path, typer.Option(help="The predictions to write: .parquet or .csv.")],
    from_files: Annotated[
        bool, typer.Option("--from", help="Work on predictions files alone: no run, no model.")
    ] = False,
    manifest: Annotated[
        Path | None, typer.Option(help="With --from: the manifest, for studies, views and labels.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Predict the rows of this split alone.")] = None,
    stage: Annotated[
        list[str] | None, typer.Option(help="A stage that predicts; repeat. [default: the recipe's ensemble]")
    ] = None,
    ensemble: Annotated[
        str | None,
        typer.Option(
            help="mean, weighted, best_member, geometric, logit_mean, median, rank_mean; join puts files of different"
            " rows together."
        ),
    ] = None,
    tta: Annotated[
        list[str] | None, typer.Option(help="A view such as hflip or shift,x=0.1; repeat. [default: the recipe's]")
    ] = None,
    tta_merge: Annotated[
        str | None, typer.Option(help="Mean of probabilities or of logits. [default: the recipe's]")
    ] = None,
    views: Annotated[
        str | None, typer.Option(help="frontal_replaces_lateral[,judged_by=STAGE], or none. [default: the recipe's]")
    ] = None,
    study: Annotated[
        str | None,
        typer.Option(
            help="mean, max, noisy_or, view_groups, view_weights,frontal=7,lateral=3, or none. [default: the recipe's]"
        ),
    ] = None,
    keep_images: Annotated[
        bool, typer.Option("--keep-images", help="With a study rule: a row for each image all the same.")
    ] = False,
    judge: Annotated[
        list[Path] | None,
        typer.Option(help="With --from: validation predictions, one for each file in their order; repeat."),
    ] = None,
    judge_manifest: Annotated[
        Path | None, typer.Option(help="The manifest with the validation labels. [default: the one at hand]")
    ] = None,
    submission: Annotated[
        str | None,
        typer.Option(help="Write --out in a challenge's form: cxr-lt-2024-task1, isic2018, ... (.csv or .zip)."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.")] = "auto",
    precision: Annotated[
        str | None, typer.Option(help="fp32, bf16, fp16 or auto. [default: auto: the quickest safe one]")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images at once.")] = 32,
    store: Annotated[
        Path | None, typer.Option(help="Folder of prepared images. [default: prepared/ beside the manifest]")
    ] = None,
    on_bad: Annotated[str, typer.Option(help="Unusable images: stop, skip or blank (black).")] = "stop",
) -> None:
    """Predict a manifest with a run, or merge predictions files (--from); studies, views, submissions."""
    asked: dict[str, Any] = {"merge": ensemble, "views": views, "study": study, "keep_images": keep_images or None}
    if from_files:
        done = _from_files(paths, asked, manifest, judge or [], judge_manifest)
    else:
        rest: dict[str, Any] = {"split": split, "stages": stage, "tta": tta, "tta_merge": tta_merge, "device": device}
        rest |= {"batch_size": batch_size, "store": store, "on_bad": on_bad, "precision": precision}
        done = _from_run(paths, {**asked, **rest}, judge_manifest, out, submission)
    _write(done, out, submission)


def _from_files(
    paths: list[Path], asked: dict[str, Any], manifest: Path | None, judges: list[Path], judge_manifest: Path | None
) -> Any:
    from longtail.cli import console
    from longtail.data.manifest import Manifest
    from longtail.predict.merging_files import predict_from_files

    loaded = [Manifest.load(path, check_files=False) if path else None for path in (manifest, judge_manifest)]
    asked = {name: None if value == "none" else value for name, value in asked.items()}
    asked |= {"merge": asked["merge"] or "mean", "keep_images": bool(asked["keep_images"])}
    done, decisions, members = predict_from_files(
        paths, **asked, manifest=loaded[0], judges=judges, judge_manifest=loaded[1]
    )
    if members:
        rows = [[name, *(f"{number:.3f}" for number in numbers)] for name, *numbers in members.rows()]
        console.table("Members, on validation", ("member", "mAP alone", "gain", "correlation"), rows)
        console.say(f"together: mAP {members.together:.3f} over {members.over} labels")
    if chosen := decisions.get("views", {}).get("chosen"):
        console.say(f"frontal replaces lateral for: {', '.join(chosen)}")
    return done


def _from_run(
    paths: list[Path], options: dict[str, Any], judge_manifest: Path | None, out: Path, submission: str | None
) -> Any:
    from longtail.cli.console import progress
    from longtail.data.manifest import Manifest
    from longtail.errors import UserError

    if len(paths) != 2:
        raise UserError(
            f"{len(paths)} paths were given; write 'longtail predict RUN MANIFEST --out FILE', or 'longtail predict"
            " --from FILE FILE ... --out FILE' for predictions files."
        )
    from longtail.cli.rehearsing import refuse_early

    manifest = Manifest.load(paths[1], check_files=False, labelled=False)
    refuse_early(paths[0], manifest, submission, out, options)
    if (paths[0] / "export.json").is_file():
        return _from_export(paths[0], manifest, options)
    options["precision"] = options["precision"] or "auto"
    if judge_manifest:
        options["judge_manifest"] = Manifest.load(judge_manifest, check_files=False)
    from longtail.predict.predicting import predict as work

    with progress(None, "predict") as advance:
        return work(paths[0], manifest, **options, advance=advance)


def _from_export(export: Path, manifest: Any, options: dict[str, Any]) -> Any:
    """An export has its stages, views and merge inside, and predicts without torch."""
    from longtail.cli.console import progress
    from longtail.errors import UserError
    from longtail.export.predicting import predict_export

    fixed = {"stages": "--stage", "tta": "--tta", "tta_merge": "--tta-merge", "merge": "--ensemble"}
    if given := [flag for name, flag in fixed.items() if options[name]]:
        raise UserError(
            f"'{export}' is an export, whose stages and views are fixed; give {given[0]} to longtail export."
        )
    if options["precision"]:
        raise UserError(f"'{export}' is an export, whose numbers are its file's; leave out --precision.")
    taken = ("split", "views", "study", "keep_images", "batch_size", "store", "on_bad")
    with progress(None, "predict") as advance:
        return predict_export(export, manifest, **{name: options[name] for name in taken}, advance=advance)


def _write(predictions: Any, out: Path, submission: str | None) -> None:
    from longtail.cli.console import say
    from longtail.predict.files import write_predictions

    if submission:
        from longtail.predict.submissions.submitting import submit

        say(f"wrote {submit(predictions, submission, out)}: a submission to {submission.split(',')[0]}")
        return
    write_predictions(predictions, out)
    rows = {"image": "images", "study": "studies"}[predictions.level]
    say(f"wrote {out}: {len(predictions):,} {rows}, {len(predictions.labels)} labels")
