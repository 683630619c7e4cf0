"""The page in a real browser: images in, ranked findings and heat maps out; keys; nothing from elsewhere."""

import base64
import hashlib
import re
import subprocess
from pathlib import Path

import pytest
from made_browser import _OPTIONS, CHROMIUM
from made_service import made_member, made_service, page_server, png

from longtail.serve.page import page
from longtail.serve.service import Service

_DROP = """
addEventListener('load', async () => {
  const texts = [%s];
  const files = texts.map((text) => new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], 'x.png'));
  while (!state.model) await new Promise((done) => setTimeout(done, 10));
  await take(files);
  %s
  document.title = 'done';
});
"""
_KEY = "document.dispatchEvent(new KeyboardEvent('keydown', {key: '%s', bubbles: true}));"


def test_only_its_own_parts_may_run() -> None:
    found = page()
    for tag in ("script", "style"):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", found.html, re.DOTALL)
        assert len(inside) == 1
        assert base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode() in found.policy
    assert not re.search(r"https?://", found.html)
    assert " style=" not in found.html


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_study_of_two_views_by_keyboard(tmp_path: Path) -> None:
    after = "document.querySelectorAll('select')[0].value = 'AP';" + "".join(
        _KEY % key for key in ("ArrowDown", "ArrowRight", "ArrowRight")
    )
    service = made_service()
    service.bundle.evidence["test"]["labels"]["Hernia"]["train_count"] = 0
    dom, console = _opened(service, tmp_path, [png(51), png(204)], after + "await look();")
    assert "<title>done</title>" in dom
    assert not console
    assert re.findall(r'role="tab" aria-selected="(\w+)">([\w ]+)<', dom) == [
        ("false", "Study"), ("false", "Image 1"), ("true", "Image 2"),
    ]  # fmt: skip
    assert re.findall(r'data-label="(\w+)" role="option" aria-selected="(\w+)"', dom) == [
        ("Effusion", "false"), ("Nodule", "true"), ("Hernia", "false"),
    ]  # fmt: skip
    assert len(re.findall(r'<canvas [^>]*data-label="Nodule"', dom)) == 2
    assert "80.0 %" in dom
    assert dom.count(">never trained on<") == 1
    assert "Calibrated by platt on 40 validation rows" in dom


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_refusal_is_told_and_leaves_the_page_usable(tmp_path: Path) -> None:
    dom, _ = _opened(made_service(made_member(heat=False)), tmp_path, [b"no image"], "")
    assert '<p id="status" role="status" aria-live="polite" class="problem">A file is none of JPEG' in dom
    assert re.search(r'<div id="work" hidden', dom)


def _opened(service: Service, folder: Path, images: list[bytes], after: str) -> tuple[str, list[str]]:
    texts = ",".join(f"'{base64.b64encode(data).decode()}'" for data in images)
    with page_server(service, _DROP % (texts, after)) as url:
        done = subprocess.run(
            [str(CHROMIUM), *_OPTIONS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", url],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
    service.close()
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
