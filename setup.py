"""Builds the Swift library and the C extension into the Python package.

`pip install .` is all that a user runs. The library (libtoposcope.so) carries the Swift runtime inside, so that what
is installed needs no Swift; it lies in the package beside the extension, which finds it by a run path of $ORIGIN, and
beside the header, so that C, Julia or ctypes can use it too (toposcope.get_include(), toposcope.get_library()).
"""

import os
import shutil
import subprocess
from pathlib import Path

import numpy
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
LIBRARY = "libtoposcope.so"
EXPORTS = ROOT / "Sources" / "ToposcopeC" / "exports.map"
SCRATCH = ROOT / ".build-python"  # its own folder, so that plain `swift build` and `swift test` stay plain


def build_library() -> Path:
    """Build libtoposcope.so: optimised, the Swift runtime inside, nothing exported but tps_*."""
    swift = os.environ.get("SWIFT") or shutil.which("swift")
    if swift is None:
        raise SystemExit(
            "toposcope: the Swift compiler was not found. Install Swift 6 (https://www.swift.org/install) and put "
            "`swift` on the PATH, or name it by the environment variable SWIFT."
        )
    command = [swift, "build", "-c", "release", "--product", "toposcope"]
    command += ["--package-path", str(ROOT), "--scratch-path", str(SCRATCH)]
    command += ["-Xswiftc", "-static-stdlib"]
    for option in (
        f"-soname={LIBRARY}",
        f"--version-script={EXPORTS}",
        "-z",
        "nodelete",
        "--gc-sections",
        "-s",
    ):
        command += ["-Xlinker", option]
    subprocess.run(command, check=True)
    return SCRATCH / "release" / LIBRARY


class BuildWithSwift(build_ext):
    """Build the Swift library first, then the extension that links to it."""

    def run(self):
        library = build_library()
        package = ROOT / "python" / "toposcope" if self.inplace else Path(self.build_lib) / "toposcope"
        package.mkdir(parents=True, exist_ok=True)
        shutil.copy2(library, package / LIBRARY)
        (package / "include").mkdir(exist_ok=True)
        shutil.copy2(ROOT / "include" / "toposcope.h", package / "include")
        for extension in self.extensions:
            extension.library_dirs = [str(package)]
        super().run()

    def get_outputs(self):
        package = Path(self.build_lib) / "toposcope"
        return [*super().get_outputs(), str(package / LIBRARY), str(package / "include" / "toposcope.h")]


setup(
    ext_modules=[
        Extension(
            "toposcope._core",
            sources=[f"python/_core/{name}.c" for name in "module arrays progress rips tensors points hooks".split()],
            depends=["python/_core/core.h", "include/toposcope.h"],
            include_dirs=["include", "python/_core", numpy.get_include()],
            libraries=["toposcope"],
            runtime_library_dirs=["$ORIGIN"],
            define_macros=[("Py_LIMITED_API", "0x030A0000"), ("NPY_TARGET_VERSION", "NPY_1_23_API_VERSION")],
            extra_compile_args=["-std=c99", "-fvisibility=hidden"],
            py_limited_api=True,
        )
    ],
    cmdclass={"build_ext": BuildWithSwift},
    options={"bdist_wheel": {"py_limited_api": "cp310"}},
)
