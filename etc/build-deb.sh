#!/bin/sh
# Builds the Debian package: etc/build-deb.sh OUTPUT [REVISION]
# DEBFULLNAME and DEBEMAIL say whose package it is, as for all of Debian's tools; without them it is
# the authors', as pyproject.toml has them, and mail goes to root of the machine that it is on.
# A virtual environment for the system's own Python, with everything that pycwtd needs, goes to
# /opt/pycwtd; debhelper makes the package of it. The wheels stay in build/deb/wheels, for
# etc/install.sh --wheels.
set -eu

output=$1
revision=${2:-1}
root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/build/deb
# The package depends on the interpreter that it was built for: the system's, and no other's.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
unset PYTHONPATH PYTHONHOME
# Not the user's: there may be wheels that another interpreter has built, with its folders in them.
export PIP_CACHE_DIR="$work/cache"

if ! command -v dh >/dev/null; then
    if [ "$(id -u)" != 0 ]; then
        echo "debhelper is needed: apt-get install debhelper" >&2
        exit 1
    fi
    echo "installing debhelper …"
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends debhelper >/dev/null
fi

mkdir -p "$work" "$output"
[ -e "$work/tools/bin/python" ] || sh "$root/etc/prepare-machine.sh" "$work/tools"
tools=$work/tools/bin
PATH=$tools:$PATH
# Whether $1 is there and newer than all the other files.
fresh() {
    made=$1
    shift
    [ -e "$made" ] && [ -z "$(find "$@" -newer "$made")" ]
}
pip() { "$tools/python" -m pip --quiet --disable-pip-version-check "$@"; }
version=$(sed -n "s/^  version: '\(.*\)',/\1/p" "$root/meson.build")
authors=$(sed -n 's/^authors = \[{ name = "\(.*\)" }\]/\1/p' "$root/pyproject.toml")
maintainer="${DEBFULLNAME:-$authors} <${DEBEMAIL:-${EMAIL:-root@localhost}}>"
python=$("$tools/python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')

if ! fresh "$work/.tools" "$root/constraints.txt"; then
    echo "installing what builds the wheel …"
    pip install --constraint "$root/constraints.txt" --upgrade pip
    (cd "$root" && pip install --constraint constraints.txt --group build)
    touch "$work/.tools"
fi
echo "building the wheel of pycwtd $version …"
rm -f "$work"/wheels/pycwtd-*.whl
pip wheel --no-deps --no-build-isolation --wheel-dir "$work/wheels" "$root"
if ! fresh "$work/.wheels" "$root/constraints.txt" "$root/pyproject.toml"; then
    echo "collecting the wheels that it needs …"
    pip wheel --constraint "$root/constraints.txt" --no-build-isolation --wheel-dir "$work/wheels" \
        --find-links "$work/wheels" "pycwtd[dask]==$version" pip
    touch "$work/.wheels"
fi

echo "putting the tree together …"
source=$work/source
rm -rf "$source"
mkdir -p "$source/debian/source" "$source/stage/opt"
home=$source/stage/opt/pycwtd
/usr/bin/"$python" -m venv --without-pip "$home"
"$tools/python" -m pip --quiet --disable-pip-version-check --python "$home/bin/python" install --no-index --no-compile \
    --find-links "$work/wheels" --constraint "$root/constraints.txt" "pycwtd[dask]==$version"
# Programs and the environment's own file name the place where it was put together.
grep -rlIZ "$home" "$home/bin" "$home/pyvenv.cfg" | xargs -0 sed -i "s|$home|/opt/pycwtd|g"
rm -f "$home"/bin/activate* "$home"/bin/Activate.ps1 "$home/lib64"
find "$home/bin" -type f ! -name 'pycwt*' -delete
find "$home" -name '*.dist-info' -type d -exec rm -f {}/direct_url.json \;
# Compiled here, and never checked again: nobody writes there, and a start isn't held up.
"$home/bin/python" -m compileall -q -j 2 --invalidation-mode unchecked-hash \
    -s "$source/stage" -p / "$home/lib" >/dev/null || true

sh "$root/etc/stage-system.sh" "$root" "$source/stage" "$source/debian"
sed -i "s/@PYTHON@/$python/" "$source/stage/usr/sbin/pycwtd-upgrade"
cp "$root/etc/debian/rules" "$root/etc/debian/postinst" "$root/etc/debian/postrm" "$source/debian/"
cp "$root/etc/debian/lintian-overrides" "$source/debian/pycwtd.lintian-overrides"
sed "s/@PYTHON@/$python/; s|@MAINTAINER@|$maintainer|" "$root/etc/debian/control.in" > "$source/debian/control"
echo "3.0 (quilt)" > "$source/debian/source/format"
cp "$root/LICENSE" "$source/debian/copyright"
date=$(date -R)
[ -z "${SOURCE_DATE_EPOCH-}" ] || date=$(date -R -d "@$SOURCE_DATE_EPOCH")
cat > "$source/debian/changelog" <<EOF
pycwtd ($version-$revision) unstable; urgency=medium

  * See CHANGELOG.md.

 -- $maintainer  $date
EOF

echo "packing …"
(cd "$source" && dpkg-buildpackage --build=binary --no-sign --no-check-builddeps >"$work/log" 2>&1) || {
    tail -30 "$work/log" >&2
    exit 1
}
mv "$work/pycwtd_$version-$revision"_*.deb "$output/"
rm -f "$work"/pycwtd_*.buildinfo "$work"/pycwtd_*.changes "$work"/pycwtd-dbgsym_*
ls "$output/pycwtd_$version-$revision"_*.deb
