"""`longtail serve`."""

from pathlib import Path
from typing import Annotated

import typer


def serve(
    path: Annotated[Path, typer.Argument(help="A run, or an export of one.")],
    host: Annotated[str, typer.Option(help="Address to listen on; this machine only by default.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    token_file: Annotated[
        Path | None, typer.Option(help="A file with the token that clients must send. [default: $LONGTAIL_TOKEN]")
    ] = None,
    device: Annotated[str, typer.Option(help="Of a run: auto, cpu, cuda or cuda:1.")] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="Threads of the networks; 0: as many as there are cores.")] = 0,
    max_bytes: Annotated[int, typer.Option(min=1, help="Largest request.")] = 64 << 20,
    max_images: Annotated[int, typer.Option(min=1, help="Most images in a request.")] = 8,
    max_pixels: Annotated[int, typer.Option(min=1, help="Most pixels of an image.")] = 60_000_000,
    max_seconds: Annotated[float, typer.Option(min=0.1, help="Longest time for a request.")] = 30.0,
    max_waiting: Annotated[int, typer.Option(min=1, help="Most requests at once; more get 429.")] = 32,
    batch: Annotated[int, typer.Option(min=1, help="Most images through a network at once.")] = 16,
) -> None:
    """Answer over HTTP, and show a page for trying the model in a browser, until interrupted."""
    from longtail.cli.console import note
    from longtail.serve.limits import Limits
    from longtail.serve.running import read_token
    from longtail.serve.running import serve as work

    limits = Limits(max_bytes, max_images, max_pixels, max_seconds, max_waiting, batch)
    work(
        path,
        host=host,
        port=port,
        token=read_token(token_file),
        limits=limits,
        device=device,
        threads=threads,
        tell=note,
    )
