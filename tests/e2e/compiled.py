"""What compilers make of the tests' sources, kept: it takes them seconds, and each build's tests want the same.

Kept in build/compiled of the source tree, beside the builds. Everything that it depends on is in its name.
"""
import contextlib
import fcntl
import hashlib
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2] / "build" / "compiled"


def _version(compiler):
    return subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout


@contextlib.contextmanager
def directory(compiler, flags, sources, make):
    """A directory as make(directory, compiler, flags, sources) has left it when it was called first; always the same
    path for the same arguments, since debug information says where it was made. None where it returned False.

    sources: texts by file name.
    """
    depends = repr((make.__name__, _version(compiler), flags, sorted(sources.items())))
    place = ROOT / hashlib.sha256(depends.encode()).hexdigest()[:16]
    work, kept = place / "work", place / "kept"
    place.mkdir(parents=True, exist_ok=True)
    with open(place / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(work, ignore_errors=True)
        if kept.exists():
            shutil.copytree(kept, work, symlinks=True)
        else:
            work.mkdir()
            for name, text in sources.items():
                (work / name).write_text(text)
            if not make(work, compiler, flags, sources):
                yield None
                return
            shutil.copytree(work, place / "new", symlinks=True, dirs_exist_ok=True)
            (place / "new").rename(kept)
        yield work
