"""The setting `mirror` of an IMAP source, and its faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_kit import CONFIG

from inboxd.config import load_config
from inboxd.errors import ConfigError
from inboxd.ingest.imap_mirror_store import mirroring_of

KEY = "imap:u@imap.example:993/INBOX"


def _path(folder: Path, extra: str) -> Path:
    source = f"      - imap: {{host: imap.example, user: u, password: p{extra}}}\n"
    path = folder / "inboxd.yaml"
    path.write_text(CONFIG.replace("listen:\n  smtp: {port: 0}\n", f"    sources:\n{source}"))
    return path


def _names(folder: Path, mirror: str) -> tuple[bool, dict[str, str]]:
    found = mirroring_of(load_config(_path(folder, f", mirror: {mirror}"), {}), KEY)
    assert found is not None
    assert found.folder == "INBOX"
    return found.by_folders, dict(found.names)


def test_it_is_off_by_default(tmp_path: Path) -> None:
    assert mirroring_of(load_config(_path(tmp_path, ""), {}), KEY) is None
    assert mirroring_of(load_config(_path(tmp_path, ", mirror: keywords"), {}), "other") is None


def test_the_usual_names(tmp_path: Path) -> None:
    keywords = {s: f"${s.capitalize()}" for s in ("open", "pending", "snoozed", "closed", "spam")}
    folders = {s: s.capitalize() for s in ("open", "pending", "snoozed", "closed")}
    assert _names(tmp_path, "keywords") == (False, keywords)
    assert _names(tmp_path, "{keywords: }") == (False, keywords)
    assert _names(tmp_path, "folders") == (True, {**folders, "spam": "Junk"})


def test_names_of_the_shops_own(tmp_path: Path) -> None:
    by_folders, names = _names(tmp_path, "{folders: {open: INBOX, closed: Träger & Done}}")
    assert by_folders
    assert (names["open"], names["closed"], names["pending"]) == (
        "INBOX",
        "Träger & Done",
        "Pending",
    )
    assert _names(tmp_path, "{folders: {open: Inbox}}")[1]["open"] == "INBOX"  # in any case
    assert _names(tmp_path, "{keywords: {closed: Done}}")[1]["closed"] == "Done"


@pytest.mark.parametrize(
    ("extra", "fault"),
    [
        (", mirror: flags", "mirror is 'keywords' or 'folders', or names them state by state"),
        (", mirror: {}", "mirror has exactly one of 'keywords' and 'folders'"),
        (", mirror: {keywords: {}, folders: {}}", "exactly one of 'keywords' and 'folders'"),
        (", mirror: {folders: {open: closed, closed: Closed}}", "two states are shown as"),
        (", mirror: {keywords: {open: Two words}}", "a keyword has no spaces"),
        (", mirror: {keywords: {open: Geöffnet}}", "no accents"),
        (', mirror: {folders: {open: ""}}', "a folder's name is not empty"),
        (', mirror: {folders: {open: "a\\nb"}}', "has no control characters"),
        (", mirror: {folders: {opened: Open}}", "unknown key 'opened'; did you mean 'open'?"),
        (", mirror: folders, after: 'move:Done'", "mirror and after: move"),
    ],
)
def test_faults_name_their_place(tmp_path: Path, extra: str, fault: str) -> None:
    path = _path(tmp_path, extra)
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})
    (found,) = caught.value.faults
    assert fault in found.message
    assert found.line == 12
    assert found.column > 1
