#!/bin/sh
# Installs the programs that some tests need: each argument is a PROGRAM="PACKAGES" of Debian.
# As root on Debian and Ubuntu missing ones are installed; otherwise they are named.
set -eu

packages=
for wanted in "$@"; do
    command -v "${wanted%%=*}" >/dev/null || packages="$packages ${wanted#*=}"
done
[ -n "$packages" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "This machine lacks:$packages" >&2
    echo "Install them as root, on Debian and Ubuntu with" >&2
    echo "    apt-get install$packages" >&2
    exit 1
fi
echo "installing$packages …"
apt-get -qq update
# shellcheck disable=SC2086 # a list of names
DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $packages >/dev/null
