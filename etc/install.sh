#!/bin/sh
# Installs pycwtd on Debian or Ubuntu, from a clone or without a network from a folder of wheels:
#
#     sudo sh etc/install.sh [--dry-run] [--wheels DIR] [--no-start]
#     sudo sh etc/install.sh --remove [--dry-run]
#
# --dry-run   say what would be done, and do nothing
# --wheels    install from the wheels in DIR ("make deb" leaves them in build/deb/wheels), and from
#             nowhere else
# --no-start  don't start the service
# --remove    take away what this script has installed; jobs, configuration and users stay
#
# The program goes to /opt/pycwtd, what belongs to the system to /usr/local and /etc. What has been
# written is listed in /opt/pycwtd/installed; a file that is there and isn't in that list is
# somebody else's, and the script stops before it. Configuration that is there stays as it is. No
# package of the system is upgraded. A second run brings up to date what has changed.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
home=/opt/pycwtd
list=$home/installed
dry=no remove=no start=yes wheels=

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

while [ $# -gt 0 ]; do
    case $1 in
        --dry-run) dry=yes ;;
        --remove) remove=yes ;;
        --no-start) start=no ;;
        --wheels)
            [ $# -gt 1 ] || fail "--wheels needs a folder"
            wheels=$(cd "$2" && pwd) || exit 1
            shift
            ;;
        -h | --help)
            sed -n '2,/^set -eu/{/^set/d;s/^# \{0,1\}//;p;}' "$0"
            exit 0
            ;;
        *) fail "$1: unknown; see --help" ;;
    esac
    shift
done

# Says what is done, and does it unless nothing is to be done.
act() {
    echo "  $1"
    shift
    [ "$dry" = yes ] || "$@"
}

ours() { grep -qxF "$1" "$list" 2>/dev/null; }

# put MODE SOURCE TARGET: a file of ours, where it isn't there already as it should be.
put() {
    if cmp -s "$2" "$3"; then
        return
    fi
    if [ -e "$3" ] && ! ours "$3"; then
        fail "$3 is there and isn't of this script; move it away first"
    fi
    changed=yes
    ours "$3" || [ "$dry" = yes ] || echo "$3" >> "$list"
    act "write $3" install -D -m "$1" "$2" "$3"
}

# keep MODE SOURCE TARGET: a file that is the admin's from then on.
keep() {
    if [ ! -e "$3" ]; then
        act "write $3" install -D -m "$1" "$2" "$3"
    fi
}

units_of() { (cd "$root/etc/systemd" && ls pycwtd*.service pycwtd*.socket pycwtd*.timer); }

check_machine() {
    [ "$dry" = yes ] || [ "$(id -u)" = 0 ] || fail "it must be run as root; --dry-run needn't"
    # shellcheck disable=SC1091 # of the machine that it runs on
    family=$(. /etc/os-release && echo "$ID ${ID_LIKE-}")
    case " $family " in
        *" debian "* | *" ubuntu "*) ;;
        *) fail "this is for Debian and Ubuntu, and this machine is: $family" ;;
    esac
    if dpkg-query -W -f '${Status}' pycwtd 2>/dev/null | grep -q '^install ok'; then
        fail "the package pycwtd is installed, and has everything; use dpkg for it"
    fi
    if [ -e "$home" ] && [ ! -e "$list" ]; then
        fail "$home is there and isn't of this script; move it away first"
    fi
}

find_python() {
    for python in /usr/bin/python3 /usr/bin/python3.13 /usr/bin/python3.12 /usr/bin/python3.11; do
        if [ -x "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            return
        fi
    done
    fail "Python 3.11 or newer is needed: apt-get install python3 (Ubuntu 22.04: python3.11)"
}

# Of all that the program is made of, to know whether it has changed.
digest_of_program() {
    if [ -n "$wheels" ]; then
        cat "$root/constraints.txt" "$wheel" | sha256sum
    else
        (cd "$root" && find constraints.txt pyproject.toml meson.build meson.options native \
            pycwt_mod pycwtd drivers console -type f ! -path '*/__pycache__/*' -print0 |
            LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
    fi
}

install_program() {
    digest=$(digest_of_program)
    if [ "$(cat "$home/program" 2>/dev/null)" = "$digest" ]; then
        return
    fi
    changed=yes
    # First, so that a run that is cut off can be run again.
    [ "$dry" = yes ] || mkdir -p "$home"
    [ "$dry" = yes ] || touch "$list"
    if [ -n "$wheels" ]; then
        act "make $home, an environment of $python" "$python" -m venv --without-pip "$home"
        act "install $(basename "$wheel") and what it needs from $wheels" from_wheels
    else
        act "make $home, and install compiler and headers where they are missing" \
            env PATH=/usr/sbin:/usr/bin:/sbin:/bin sh "$root/etc/prepare-machine.sh" "$home"
        act "build and install pycwtd of $root" from_source
    fi
    [ "$dry" = yes ] || echo "$digest" > "$home/program"
}

from_wheels() {
    pip=$(find "$wheels" -name 'pip-*.whl' | sort | tail -1)
    [ -n "$pip" ] || fail "$wheels has no wheel of pip"
    "$home/bin/python" "$pip/pip" --quiet --disable-pip-version-check install --no-index \
        --find-links "$wheels" --constraint "$root/constraints.txt" --force-reinstall --no-deps "$wheel"
    "$home/bin/python" "$pip/pip" --quiet --disable-pip-version-check install --no-index \
        --find-links "$wheels" --constraint "$root/constraints.txt" "pycwtd[dask]"
}

# With the tools that are pinned as well, which an isolated build wouldn't heed.
from_source() (
    pip() { "$home/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }
    PATH=$home/bin:$PATH
    cd "$root"
    pip install --constraint constraints.txt --upgrade pip
    pip install --constraint constraints.txt --group build
    pip install --constraint constraints.txt --no-build-isolation ".[dask]"
)

install_system() {
    for name in pycwtd pycwtctl pycwtd-console; do
        link=/usr/local/bin/$name
        [ "$(readlink "$link" 2>/dev/null)" != "$home/bin/$name" ] || continue
        [ ! -e "$link" ] || fail "$link is there and isn't of this script; move it away first"
        act "link $link" ln -s "$home/bin/$name" "$link"
        [ "$dry" = yes ] || echo "$link" >> "$list"
    done
    unit=$(mktemp)
    for name in $(units_of); do
        sed 's|/usr/bin/pycwt|/usr/local/bin/pycwt|' "$root/etc/systemd/$name" > "$unit"
        put 644 "$unit" "/usr/local/lib/systemd/system/$name"
    done
    rm "$unit"
    put 644 "$root/etc/systemd/pycwtd.sysusers" /usr/local/lib/sysusers.d/pycwtd.conf
    put 644 "$root/etc/systemd/pycwtd.tmpfiles" /usr/local/lib/tmpfiles.d/pycwtd.conf
    put 644 "$root/etc/udev/pycwtd.rules" /etc/udev/rules.d/70-pycwtd.rules
    if ! getent group pycwtd-boards >/dev/null || ! getent passwd pycwtd >/dev/null; then
        act "make the user pycwtd and its groups" \
            systemd-sysusers /usr/local/lib/sysusers.d/pycwtd.conf
    fi
    if [ ! -d /etc/pycwtd/drivers.d ] || [ ! -d /var/lib/pycwtd ] || [ ! -d /var/backups/pycwtd ]; then
        changed=yes
        act "make the folders of /usr/local/lib/tmpfiles.d/pycwtd.conf" \
            systemd-tmpfiles --create /usr/local/lib/tmpfiles.d/pycwtd.conf
    fi
    if [ ! -e /etc/pycwtd/pycwtd.toml ]; then
        keep 640 "$root/etc/pycwtd.toml" /etc/pycwtd/pycwtd.toml
        [ "$dry" = yes ] || chgrp pycwtd /etc/pycwtd/pycwtd.toml
    fi
    for name in boards resources; do
        keep 644 "$root/etc/systemd/pycwtd.service.d/$name.conf" \
            "/etc/systemd/system/pycwtd.service.d/$name.conf"
    done
}

begin_service() {
    [ -d /run/systemd/system ] || return 0
    if [ "$changed" = yes ]; then
        act "have systemd read its units again" systemctl daemon-reload
    fi
    [ "$start" = yes ] || return 0
    if ! systemctl is-enabled --quiet pycwtd.socket pycwtd.service 2>/dev/null; then
        act "enable pycwtd.socket and pycwtd.service" \
            systemctl enable --quiet pycwtd.socket pycwtd.service
    fi
    if ! systemctl is-active --quiet pycwtd.socket; then
        act "start pycwtd.socket" systemctl start pycwtd.socket
    fi
    if [ "$changed" = yes ] || ! systemctl is-active --quiet pycwtd.service; then
        act "start pycwtd.service, and wait until it is ready" systemctl restart pycwtd.service
    fi
}

remove_all() {
    [ -e "$list" ] || fail "there is nothing of this script: no $list"
    if [ -d /run/systemd/system ]; then
        # shellcheck disable=SC2046 # a list of names
        act "stop and disable the units" systemctl disable --quiet --now $(units_of | grep -v backup.service)
    fi
    while read -r path; do
        act "remove $path" rm -f "$path"
    done < "$list"
    act "remove $home" rm -rf "$home"
    [ ! -d /run/systemd/system ] || act "have systemd read its units again" systemctl daemon-reload
    echo "/etc/pycwtd, /var/lib/pycwtd, /var/backups/pycwtd and the user pycwtd stay."
}

check_machine
if [ "$remove" = yes ]; then
    remove_all
    exit 0
fi
find_python
if [ -n "$wheels" ]; then
    wheel=$(find "$wheels" -name 'pycwtd-*.whl' | sort | tail -1)
    [ -n "$wheel" ] || fail "$wheels has no wheel of pycwtd"
fi
changed=no
[ "$dry" = no ] || echo "This would be done:"
install_program
install_system
begin_service
if [ "$changed" = no ]; then
    echo "Everything is there already."
elif [ "$dry" = no ]; then
    echo "Installed. Try: pycwtctl health"
fi
