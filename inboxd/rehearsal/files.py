"""Reads files of rule tests. All that is wrong in any of them is reported at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from inboxd.errors import ConfigError, Fault
from inboxd.rehearsal.cases import Case, CaseContext, Letter
from inboxd.rules.terms import Context, Known
from inboxd.yaml_positions import Document, load_yaml
from inboxd.yaml_values import Loc

FOLDER = "tests"


@dataclass(frozen=True, slots=True)
class Script:
    """A case with the place in the file where it stands."""

    case: Case
    document: Document
    index: int

    @property
    def folder(self) -> Path:
        """The folder from which the case takes its files."""
        return self.document.path.parent

    def fault(self, message: str, loc: Loc = ()) -> Fault:
        """Return `message` with the place of a part of the case."""
        return self.document.fault(message, (self.index, *loc), key=bool(loc))


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Return the files of rule tests that are named, or lie in the folders that are named."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(each for each in path.glob("*.yaml") if not each.name.startswith("."))
        else:
            found.append(path)
    return found


def read_cases(paths: Iterable[Path], known: Known, rules: Iterable[str]) -> list[Script]:
    """Return the cases of the files in their order; raises `ConfigError` with every fault."""
    faults: list[Fault] = []
    scripts: list[Script] = []
    names = frozenset(rules)
    for path in paths:
        try:
            document = load_yaml(path)
        except ConfigError as error:
            faults += error.faults
            continue
        for script in _cases(document, known, names, faults):
            scripts.append(script)
            faults += _missing_files(script)
    faults += _repeated(scripts)
    if faults:
        raise ConfigError(faults)
    return scripts


def _cases(
    document: Document, known: Known, rules: frozenset[str], faults: list[Fault]
) -> Iterator[Script]:
    if document.data is not None and not isinstance(document.data, list):
        faults.append(document.fault("a file of tests is a list of cases: - name: …", ()))
        return
    for index, item in enumerate(document.data or ()):
        try:
            context = CaseContext(Context(known), rules)
            case = Case.model_validate(item, context=context)
        except ValidationError as error:
            faults += document.faults(error, Case, base=(index,))
        else:
            yield Script(case, document, index)


def _missing_files(script: Script) -> Iterator[Fault]:
    for loc, letter in _letters(script.case):
        if letter.file is not None and not (script.folder / letter.file).is_file():
            place = (script.index, *loc, "file")
            yield script.document.fault("there is no such file", place)


def _letters(case: Case) -> Iterator[tuple[Loc, Letter]]:
    if case.mail is not None:
        yield ("mail",), case.mail
    for i, step in enumerate(case.steps or ()):
        if step.mail is not None:
            yield ("steps", i, "mail"), step.mail


def _repeated(scripts: Sequence[Script]) -> Iterator[Fault]:
    """Yield a fault for each name that a case of the same file has already."""
    seen: set[tuple[Path, str]] = set()
    for script in scripts:
        key = (script.document.path, script.case.name)
        if key in seen:
            yield script.fault("another case has this name already", ("name",))
        seen.add(key)
