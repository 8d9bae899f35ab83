#!/bin/sh
# Sees that the gateware can be simulated: Verilator, make and a C++ compiler.
# As root on Debian and Ubuntu the missing packages are installed; otherwise they are named.
set -eu

missing() {
    command -v verilator >/dev/null || echo verilator
    command -v make >/dev/null || echo make
    command -v c++ >/dev/null || echo g++
}

packages=$(missing | tr '\n' ' ')
[ -z "$packages" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $packages…"
    apt-get -qq update
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $packages >/dev/null
else
    echo "This machine lacks: $packages" >&2
    echo "Without it the gateware can't be simulated, and its tests are skipped." >&2
    echo "Install it as root, on Debian and Ubuntu with" >&2
    echo "    apt-get install $packages" >&2
    exit 1
fi
