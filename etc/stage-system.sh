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

# Upgrades are made by what isn't replaced by them.
install -D -m 644 -t "$tree/usr/lib/pycwtd/upgrade" "$root"/etc/upgrade/*.py
install -D -m 755 "$root/etc/debian/pycwtd-upgrade" "$tree/usr/sbin/pycwtd-upgrade"
install -D -m 644 "$root/etc/debian/pycwtd-upgrade.8" "$tree/usr/share/man/man8/pycwtd-upgrade.8"

# What the program writes of itself, where man and the shells look for it.
python=$tree/opt/pycwtd/bin/python
mkdir -p "$tree/usr/share/man/man1"
"$python" -I -B -m pycwtd_console.manual "$tree/usr/share/man/man1" >/dev/null
for place in bash:bash-completion/completions/pycwtctl zsh:zsh/vendor-completions/_pycwtctl \
    fish:fish/vendor_completions.d/pycwtctl.fish; do
    file=$tree/usr/share/${place#*:}
    mkdir -p "$(dirname "$file")"
    "$python" -I -B -c 'import sys; from pycwtd_console.ctl import main; main()' \
        completion "${place%%:*}" >"$file"
done
