"""What ``piccolo_conf.py`` needs: the engine, as the environment has it."""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from piccolo.engine.finder import engine_finder

from workshops.database.engine import DatabaseEngine
from workshops.database.outages import SettingsError
from workshops.database.settings import DatabaseSettings, read_settings


def engine_from_environment(**options: Any) -> DatabaseEngine:
    """Return the engine for ``DATABASE_URL`` and its neighbours, for ``piccolo_conf.py``.

    The options are those of ``DatabaseEngine``. A setting that cannot be used ends the
    process with one sentence. Piccolo's warning of pending migrations is not
    shown before a command of ``piccolo workshops``: those run the migrations, or say
    themselves which command does.
    """
    if sys.argv[1:2] == ["workshops"]:
        warnings.filterwarnings("ignore", message=r"(?s).*been run - the app")
    try:
        settings = read_settings(DatabaseSettings)
        if "workshops_data_dir" not in settings.model_fields_set:
            settings.workshops_data_dir = _project_directory() / settings.workshops_data_dir
        return DatabaseEngine(settings, **options)
    except SettingsError as error:
        sys.exit(str(error))


def engine_of_project() -> DatabaseEngine:
    """Return the engine of ``piccolo_conf.py``, which must be one of ours.

    Raises:
        SettingsError: it is not.
    """
    engine = engine_finder()
    if not isinstance(engine, DatabaseEngine):
        raise SettingsError(
            "This needs DB = engine_from_environment() in piccolo_conf.py: "
            "from workshops.database import engine_from_environment"
        )
    return engine


def _project_directory() -> Path:
    """Return where ``piccolo_conf.py`` is, or the current directory if there is none."""
    name = os.environ.get("PICCOLO_CONF", "piccolo_conf")
    try:
        module = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        module = None
    return Path(module.origin).parent if module and module.origin else Path.cwd()
