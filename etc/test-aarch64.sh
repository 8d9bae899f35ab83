#!/bin/sh
# The kernel's C tests in an emulated aarch64 processor, and its digests against those of this one,
# whose tests have been built in the folder $1. The folder $2 is for the other build.
set -eu

packages=
command -v qemu-aarch64 >/dev/null || packages="qemu-user"
command -v aarch64-linux-gnu-gcc >/dev/null ||
    packages="$packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
if [ -n "$packages" ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "This machine lacks an emulator or a compiler for aarch64." >&2
        echo "Install them as root, on Debian and Ubuntu with" >&2
        echo "    apt-get install $packages" >&2
        exit 1
    fi
    echo "installing $packages …"
    apt-get -qq update
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $packages >/dev/null
fi

[ -e "$2/build.ninja" ] ||
    meson setup "$2" -Dkernel_only=true --cross-file native/tests/aarch64.ini >/dev/null
# The emulator is slow.
meson test -C "$2" --print-errorlogs --timeout-multiplier 20

"$1/native/digest_kernel" >"$2/here.txt"
qemu-aarch64 -L /usr/aarch64-linux-gnu "$2/native/digest_kernel" >"$2/there.txt"
if ! diff -u "$2/here.txt" "$2/there.txt"; then
    echo "aarch64 computes other numbers than this processor." >&2
    exit 1
fi
cat "$2/there.txt"
