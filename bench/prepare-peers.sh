#!/bin/sh
# Makes the environment of the programs that we are measured against: $1 Python, $2 its folder.
# fCWT's wheel wants the system's FFTW. Where there is none it gets the copy in the wheel itself,
# which the wheel's loader can't find: links in $2/fftw, which the measurements search last.
set -eu

python=$1
peers=$2
here=$(dirname "$0")

rm -rf "$peers"
"$python" -m venv "$peers"
pip="$peers/bin/python -m pip --quiet --disable-pip-version-check install"
if ! $pip --requirement "$here/peer-requirements.txt"; then
    # A peer that can't be had here shouldn't take the others with it.
    grep '==' "$here/peer-requirements.txt" | while read -r peer; do
        $pip "$peer" || echo "$peer can't be installed and will be missing from the table" >&2
    done
fi
mkdir "$peers/fftw"
for folder in "$peers"/lib/python3*/site-packages/fcwt; do
    [ -e "$folder/libfftw3fl.so" ] || continue
    folder=$(cd "$folder" && pwd)
    ln -s "$folder/libfftw3fl.so" "$peers/fftw/libfftw3f.so.3"
    ln -s "$folder/libfftw3f_ompl.so" "$peers/fftw/libfftw3f_omp.so.3"
done
if ! LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$peers/fftw" \
    "$peers/bin/python" -c 'import fcwt' 2>"$peers/fcwt.txt"; then
    tail -n 1 "$peers/fcwt.txt" >&2
    echo "fCWT doesn't load and will be missing from the table; on Debian and Ubuntu" >&2
    echo "    apt-get install libfftw3-single3 libgomp1" >&2
    echo "gives it what it needs" >&2
fi
