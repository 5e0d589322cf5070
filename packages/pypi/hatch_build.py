"""Puts the program into the wheel: WHEEL_BINARY is its path, WHEEL_PLATFORM the platform of the wheel's name.

The program lands in the environment's `bin` folder, as pip does with scripts. It is static, so that one wheel serves
glibc and musl: its name has both tags.
"""

import os

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version, build_data):
        if version == "editable":
            return
        binary = os.environ.get("WHEEL_BINARY", "")
        platform = os.environ.get("WHEEL_PLATFORM", "")
        if not os.path.isfile(binary) or not platform:
            raise SystemExit(
                "WHEEL_BINARY must be the path of the program, and WHEEL_PLATFORM the platform, such as "
                "manylinux_2_17_x86_64.musllinux_1_1_x86_64; deploy/release sets both"
            )
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        build_data["shared_scripts"][binary] = "stator"
