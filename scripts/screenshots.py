"""Draws the templates' samples as a phone of 390 pixels shows them, light and dark."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from inboxd.templates.render import Renderer
from inboxd.templates.samples import SAMPLES

# Template, which of its samples, and how much of it is shown, in pixels.
PICTURES = (("notification", 0, 900), ("receipt", 0, 420), ("digest", 0, 620))
WIDTH = 390


def picture(html: str, target: Path, height: int, *, dark: bool) -> None:
    """Write a PNG of the page as headless Chromium draws it."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        # A window has a smallest width: the page is framed to be as narrow as a phone.
        scheme = "dark" if dark else "light"
        style = (
            f"<style>html{{color-scheme:{scheme};background:Canvas}}"
            f"body{{color-scheme:{scheme} !important;width:{WIDTH}px}}</style></head>"
        )
        page.write_text(html.replace("</head>", style, 1), encoding="utf-8")
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--user-data-dir={folder}/profile", f"--window-size={WIDTH},{height}"]
        command += [f"--screenshot={target}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)


def main() -> int:
    """Draw all pictures into the folder that the command line names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    renderer = Renderer(None)
    for name, index, height in PICTURES:
        html = renderer.render(name, SAMPLES[name][index]).html  # type: ignore[index]
        for dark in (False, True):
            target = folder / f"{name}{'-dark' if dark else ''}.png"
            picture(html, target, height, dark=dark)
            print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
