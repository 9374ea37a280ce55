"""Reads `inboxd.yaml` into the models, with every fault in its place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from inboxd.config.checks import cross_check
from inboxd.config.models import Config
from inboxd.config.paths import with_paths
from inboxd.config.values import ValueReader
from inboxd.errors import ConfigError, Fault
from inboxd.yaml_positions import load_yaml


def load_config(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """Read the configuration at `path`, or raise `ConfigError` with all that is wrong in it."""
    environ = os.environ if environ is None else environ
    document = load_yaml(path)
    if not isinstance(document.data, dict):
        raise ConfigError([Fault(str(path), 1, 1, "the configuration is a mapping of keys")])
    reader = ValueReader(document, path.parent, environ)
    data = reader.resolve(document.data, ())
    if "path" in data:  # the model's own field, not a key
        reader.faults.append(document.fault("unknown key 'path'", ("path",), key=True))
        del data["path"]
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError(reader.faults + document.faults(error, Config)) from None
    config = with_paths(config, path.resolve())
    faults = reader.faults + list(cross_check(config, document))
    if faults:
        raise ConfigError(faults)
    return config
