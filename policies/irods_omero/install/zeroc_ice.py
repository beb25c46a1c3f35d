"""Gives this machine a wheel of zeroc-ice, which omero-py needs and which is published as source only.

Prints the path of the wheel on standard output and what it is doing on standard error. In this order it takes
what ``ZEROC_ICE_WHEEL`` names (a file or an address that pip understands), a wheel built earlier for this Python
(in ``ZEROC_ICE_CACHE``, by default ``~/.cache/irods-omero/wheels``), or compiles one, which takes some minutes.
Standard library only and alone: it also runs before anything is installed, as a script.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
from pathlib import Path

VERSION = "3.6.5"
SDIST = f"zeroc-ice-{VERSION}.tar.gz"
SDIST_SHA256 = "4235ffeb605bcd4e22e716577f7d61e4aa1bc82f65276bb542701a81b7933356"
SETUPTOOLS = "setuptools>=75,<81"  # 81 and later drop what the 2017 setup.py still calls

# What CPython 3.13 has taken away.
NEWER_PYTHON = """#include <Python.h>
#if PY_VERSION_HEX >= 0x030D0000
#define PyEval_CallObject PyObject_CallObject
static inline int PyObject_AsReadBuffer(PyObject* object, const void** start, Py_ssize_t* length)
{
    Py_buffer view;
    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) != 0)
        return -1;
    *start = view.buf;
    *length = view.len;
    PyBuffer_Release(&view);
    return 0;
}
#endif"""

SOURCE_FIXES = (
    # Gone from CPython 3.11: the header, and the frame as a member of the thread state.
    ("src/Slice.cpp", "#include <eval.h>", ""),
    ("src/Util.cpp", "PyThreadState_GET()->frame", "PyEval_GetFrame()"),
    ("src/Config.h", "#include <Python.h>", NEWER_PYTHON),
    # Gone from CPython 3.12: the module imp.
    ("lib/Ice.py", "import sys, string, imp,", "import sys, string, types,"),
    ("lib/Ice.py", "imp.new_module(curr)", "types.ModuleType(curr)"),
)

# The sources carry their own bzip2, so that only OpenSSL has to be there.
SETUP_FIXES = (
    ("if d.find('bzip2') != -1:\n            return False # Don't compile the bzip2 source under darwin or linux.", ""),
    ("libraries=['ssl', 'crypto', 'bz2', 'rt']", "libraries=['ssl', 'crypto', 'rt']"),
    ("'src/ice/cpp/src']", "'src/ice/cpp/src', 'src/ice/bzip2']"),
    ("platform is not 'freebsd'", "platform != 'freebsd'"),
)

PARALLEL_COMPILE = """
import concurrent.futures, os, sys
import setuptools
from distutils.ccompiler import CCompiler

def _compile(self, sources, output_dir=None, macros=None, include_dirs=None, debug=0,
             extra_preargs=None, extra_postargs=None, depends=None):
    macros, objects, extra, pp_opts, build = self._setup_compile(
        output_dir, macros, include_dirs, sources, depends, extra_postargs)
    cc_args = self._get_cc_args(pp_opts, debug, extra_preargs)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(self._compile, name, *build[name], cc_args, extra, pp_opts) for name in build]
        for done, job in enumerate(concurrent.futures.as_completed(jobs), 1):
            job.result()
            if done % 10 == 0 or done == len(jobs):
                print("  compiled %d of %d files" % (done, len(jobs)), file=sys.stderr, flush=True)
    return objects

CCompiler.compile = _compile
"""


def say(text: str) -> None:
    """Tell people what is going on."""
    print(f"zeroc-ice: {text}", file=sys.stderr, flush=True)


def cached_wheel(cache: Path) -> Path | None:
    """The wheel for this Python and platform that an earlier call left in ``cache``, if any."""
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    wheels = sorted(cache.glob(f"zeroc_ice-{VERSION}-{tag}-*{platform}.whl"))
    return wheels[-1] if wheels else None


def check_tools() -> None:
    """Stop with one message that names what is missing, and how Debian calls it."""
    missing = []
    if not shutil.which(os.environ.get("CXX", "g++")):
        missing.append("g++ (a C++ compiler)")
    include = Path(sysconfig.get_paths()["include"]) / "Python.h"
    if not include.exists():
        missing.append("python3-dev (the headers of this Python)")
    if not has_header("openssl/ssl.h"):
        missing.append("libssl-dev (the headers of OpenSSL)")
    if missing:
        raise SystemExit(
            "zeroc-ice cannot be compiled, missing: " + ", ".join(missing) + ".\n"
            "Install them (Debian: apt-get install g++ python3-dev libssl-dev), or set ZEROC_ICE_WHEEL to a "
            "published wheel of zeroc-ice 3.6.5 for this Python."
        )


def has_header(name: str) -> bool:
    """Whether the C++ compiler finds a header; False as well where there is no compiler."""
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if not compiler:
        return False
    command = [compiler, "-E", "-x", "c++", "-", "-o", os.devnull]
    done = subprocess.run(command, input=f"#include <{name}>\n", text=True, capture_output=True, check=False)
    return done.returncode == 0


def download(into: Path) -> Path:
    """Fetch the source distribution with pip and check that it is the one that was read."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*command, "--dest", str(into), f"zeroc-ice=={VERSION}"], check=True, stdout=sys.stderr)
    sdist = into / SDIST
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    if digest != SDIST_SHA256:
        raise SystemExit(f"zeroc-ice: {SDIST} has sha256 {digest}, expected {SDIST_SHA256}: not built")
    return sdist


def mend(source: Path) -> None:
    """Make the 2017 sources compile with Python 3.11 and later, on every core, without libbz2-dev."""
    for name, old, new in SOURCE_FIXES:
        replace(source / name, old, new)
    for old, new in SETUP_FIXES:
        replace(source / "setup.py", old, new)
    setup = source / "setup.py"
    setup.write_text(PARALLEL_COMPILE + setup.read_text())


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text in a file that is known to hold it."""
    text = path.read_text()
    if old not in text:
        raise SystemExit(f"zeroc-ice: {path.name} does not hold {old!r}: not the sources that are known to build")
    path.write_text(text.replace(old, new))


def build(cache: Path) -> Path:
    """Compile the wheel into ``cache`` and return its path."""
    check_tools()
    started = time.monotonic()
    say(f"compiling {VERSION} for Python {sys.version_info.major}.{sys.version_info.minor}, once: 3 to 12 minutes")
    with tempfile.TemporaryDirectory(prefix="zeroc-ice-") as name:
        work = Path(name)
        with tarfile.open(download(work)) as archive:
            archive.extractall(work)
        source = work / f"zeroc-ice-{VERSION}"
        mend(source)
        tools = work / "tools"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tools), SETUPTOOLS, "wheel"]
        subprocess.run(pip, check=True, stdout=sys.stderr)
        environment = dict(os.environ, PYTHONPATH=str(tools), CXXFLAGS="-O1 -g0", CFLAGS="-O1 -g0", LDFLAGS="-s")
        command = [sys.executable, "setup.py", "-q", "bdist_wheel", "--dist-dir", str(work / "dist")]
        subprocess.run(command, check=True, cwd=source, env=environment, stdout=sys.stderr)
        (wheel,) = (work / "dist").glob("*.whl")
        cache.mkdir(parents=True, exist_ok=True)
        partial = cache / (wheel.name + ".part")
        shutil.copyfile(wheel, partial)
        partial.replace(cache / wheel.name)
    say(f"built in {time.monotonic() - started:.0f} s, kept in {cache}")
    return cache / wheel.name


def main() -> None:
    """Print the path of the wheel."""
    given = os.environ.get("ZEROC_ICE_WHEEL")
    if given:
        say(f"using {given}")
        print(given)
        return
    cache = Path(os.environ.get("ZEROC_ICE_CACHE") or Path.home() / ".cache" / "irods-omero" / "wheels")
    print(cached_wheel(cache) or build(cache))


if __name__ == "__main__":
    main()
