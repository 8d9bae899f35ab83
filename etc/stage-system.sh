#!/bin/sh
# What belongs to the system beside the program: etc/stage-system.sh SOURCE TREE DEBIAN
# Files whose handling debhelper knows go to DEBIAN under the names that it looks for, the others
# to their places in TREE.
set -eu
root=$1 tree=$2 debian=$3

mkdir -p "$tree/usr/bin" "$tree/etc/pycwtd" "$tree/etc/systemd/system/pycwtd.service.d" \
    "$tree/usr/share/doc/pycwtd/examples"
for name in pycwtd pycwtctl pycwtd-console; do
    ln -s "/opt/pycwtd/bin/$name" "$tree/usr/bin/$name"
done
cp "$root/etc/pycwtd.toml" "$tree/etc/pycwtd/"
cp "$root"/etc/systemd/pycwtd.service.d/*.conf "$tree/etc/systemd/system/pycwtd.service.d/"
cp "$root/etc/systemd/journald.conf" "$tree/usr/share/doc/pycwtd/examples/"
[ ! -d "$root/etc/nginx" ] || cp -r "$root/etc/nginx" "$tree/usr/share/doc/pycwtd/examples/"

cp "$root"/etc/systemd/pycwtd.service "$root"/etc/systemd/pycwtd.socket "$debian/"
cp "$root/etc/systemd/pycwtd.sysusers" "$root/etc/systemd/pycwtd.tmpfiles" "$debian/"
cp "$root/etc/udev/pycwtd.rules" "$debian/pycwtd.udev"
mkdir -p "$tree/lib/systemd/system"
cp "$root"/etc/systemd/pycwtd-*.socket "$root"/etc/systemd/pycwtd-backup.* "$tree/lib/systemd/system/"

# Built by "make man", where that was called before.
if [ -d "$root/build/man" ]; then
    for page in "$root"/build/man/*.[1-8]; do
        [ ! -e "$page" ] || install -D -m 644 "$page" \
            "$tree/usr/share/man/man${page##*.}/$(basename "$page")"
    done
fi
