#!/bin/sh
# Makes a virtual environment in $1, with what PyPI can't give: Python, its headers, a C compiler.
# As root on Debian and Ubuntu the missing packages are installed; otherwise they are named.
set -eu

venv=$1

usable_python() {
    for name in python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
}

# The packages that would make this machine complete, as far as they are missing.
missing() {
    python=$(usable_python)
    if [ -z "$python" ]; then
        echo python3 python3-venv python3-dev
    else
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        "$python" -c 'import ensurepip, venv' 2>/dev/null || echo "python$version-venv"
        header=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h
        [ -e "$header" ] || echo "python$version-dev"
    fi
    command -v cc >/dev/null || echo gcc libc6-dev
}

packages=$(missing | tr '\n' ' ')
if [ -n "$packages" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing $packages…"
        apt-get -qq update
        # shellcheck disable=SC2086 # a list of names
        DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $packages >/dev/null
    else
        echo "This machine lacks: $packages" >&2
        echo "Install it as root, on Debian and Ubuntu with" >&2
        echo "    apt-get install $packages" >&2
        echo "and call make again." >&2
        exit 1
    fi
fi
python=$(usable_python)
if [ -z "$python" ]; then
    echo "Python 3.11 or newer is needed; this system's packages have none." >&2
    exit 1
fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
