"""Lets these tests use the servers of the integration tests."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_INTEGRATION = Path(__file__).parents[1] / "integration"
sys.path.insert(0, str(_INTEGRATION))

# Under a name of its own: `conftest` is this file.
_spec = importlib.util.spec_from_file_location("server_fixtures", _INTEGRATION / "conftest.py")
assert _spec is not None
assert _spec.loader is not None
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)

require_servers = _fixtures.require_servers
dovecot = _fixtures.dovecot
postfix = _fixtures.postfix
