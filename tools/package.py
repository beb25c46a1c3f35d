"""Builds what a release consists of: wheel, source archive, and the Debian package of the rules: make package.

The Debian package is of the part inside the iRODS server, for machines that get their software as packages and their
configuration from elsewhere. It needs dpkg-deb and no network.
"""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from irods_omero.install.distribution import CORE, core, installed_version, parts
from irods_omero.install.layout import PACKAGE, PACKAGED

TOP = Path(__file__).parents[1]
DIST = TOP / "dist"
DEBIAN = TOP / "packaging" / "debian"
SCRIPTS = ("postinst", "prerm")
EXAMPLES = ("omero_policy.example.json", "omero_policy.schema.json", "server_config.fragment.json")


def build_python(into: Path) -> tuple[Path, Path]:
    """Build source archive and wheel; returns their paths in this order."""
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(into)]
    subprocess.run(command, cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    name = f"irods_omero_policies-{installed_version()}"
    return into / f"{name}.tar.gz", into / f"{name}-py3-none-any.whl"


def build_debian(into: Path) -> Path:
    """Build the Debian package of the rules; returns its path."""
    version = debian_version(installed_version())
    package = into / f"{PACKAGE}_{version}_all.deb"
    with tempfile.TemporaryDirectory() as name:
        stage = Path(name)
        stage.chmod(0o755)
        for path, data in {**_files(), **_control(version)}.items():
            target = stage / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            target.chmod(0o755 if target.name in SCRIPTS else 0o644)
        for folder in filter(Path.is_dir, stage.rglob("*")):
            folder.chmod(0o755)
        into.mkdir(parents=True, exist_ok=True)
        command = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(stage), str(package)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return package


def debian_version(version: str) -> str:
    """A version of Python's as Debian writes it, where what comes before a release is marked by a tilde."""
    return re.sub(r"\.?(dev|a|b|rc)(?=\d)", r"~\1", version)


def _files() -> dict[str, bytes]:
    """What the package installs, by its path."""
    share, documents = f"usr/share/{PACKAGE}", f"usr/share/doc/{PACKAGE}"
    return {
        **{f"usr/lib/python3/dist-packages/{name}": data for name, data in parts().items()},
        **{f"{share}/{name}": (TOP / "irods_config" / name).read_bytes() for name in EXAMPLES},
        f"{share}/{CORE}": core(),
        str(PACKAGED.relative_to("/")): f"{installed_version()}\n".encode(),
        **{f"{documents}/{name}": (DEBIAN / name).read_bytes() for name in ("README.Debian", "copyright")},
        f"{documents}/changelog.gz": gzip.compress((TOP / "CHANGELOG.md").read_bytes(), mtime=0),
    }


def _control(version: str) -> dict[str, bytes]:
    """What tells dpkg about the package, by its path."""
    control = (DEBIAN / "control").read_text(encoding="utf-8").replace("@VERSION@", version)
    others = {f"DEBIAN/{name}": (DEBIAN / name).read_bytes() for name in (*SCRIPTS, "triggers")}
    return {"DEBIAN/control": control.encode(), **others}


def main() -> None:
    """Build all into dist/, and name what was built."""
    built = [*build_python(DIST)]
    if shutil.which("dpkg-deb"):
        built.append(build_debian(DIST))
    else:
        sys.stdout.write("no Debian package: there is no dpkg-deb here\n")
    sys.stdout.writelines(f"{path.relative_to(TOP)}\n" for path in built)


if __name__ == "__main__":
    main()
