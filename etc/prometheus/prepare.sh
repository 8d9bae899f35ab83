#!/bin/sh
# What `make test-monitoring` needs: Prometheus with its promtool, Node, and in the folder $1
# Grafana's types of a dashboard. As root on Debian and Ubuntu missing packages are installed;
# otherwise they are named.
set -eu

packages=
command -v promtool >/dev/null && command -v prometheus >/dev/null || packages="prometheus"
command -v npm >/dev/null || packages="$packages npm"
if [ -n "$packages" ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "This machine lacks: $packages" >&2
        echo "Install it as root, on Debian and Ubuntu with" >&2
        echo "    apt-get install $packages" >&2
        exit 1
    fi
    echo "installing $packages …"
    apt-get -qq update
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $packages >/dev/null
fi
mkdir -p "$1"
cp tests/monitoring/grafana/package.json "$1"
npm install --prefix "$1" --silent --no-audit --no-fund --no-package-lock
