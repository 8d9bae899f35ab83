#!/bin/sh
# Runs the tests of the kernel, in C and in Python, under AddressSanitizer and
# UndefinedBehaviorSanitizer, those in C under ThreadSanitizer, too. $1 is the virtual environment
# whose packages are used, $2 a folder for everything that is made here. Fails where a test fails
# or a sanitizer reports anything.
set -eu

packages=$(cd "$1" && pwd)/bin/python
mkdir -p "$2/reports"
folder=$(cd "$2" && pwd)
python=$folder/venv/bin/python
reports=$folder/reports

# The packages of $1 by their path alone: the editable pycwtd there stays out of sight.
if [ ! -x "$python" ]; then
    "$packages" -m venv --without-pip "$folder/venv"
    site=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    "$packages" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$site/packages.pth"
fi

# Flags of Python's own may hold -fwrapv, which would silence overflows. Casts out of range are
# not among what "undefined" stands for.
flags='-fno-wrapv -fno-sanitize-recover=all -fsanitize=float-cast-overflow -fno-omit-frame-pointer'
echo "installing pycwtd with sanitizers into $folder/venv …"
"$packages" -m pip --python "$python" --quiet --disable-pip-version-check install \
    --no-deps --no-build-isolation --force-reinstall \
    -Cbuild-dir="$folder/build" -Csetup-args=-Dbuildtype=debugoptimized \
    -Csetup-args=-Db_sanitize=address,undefined -Csetup-args=-Db_lundef=false \
    "-Csetup-args=-Dc_args=$flags" .
meson compile -C "$folder/build" planted >"$folder/planted.log" || {
    cat "$folder/planted.log" >&2
    exit 1
}

library() {
    cc -print-file-name="$1"
}

# pytest swallows what is printed: reports go to files. CPython doesn't free all at its end.
report_to() {
    export ASAN_OPTIONS="log_path=$1/asan:detect_leaks=0:allocator_may_return_null=1:verify_asan_link_order=0"
    export UBSAN_OPTIONS="log_path=$1/ubsan:print_stacktrace=1"
}

# The sanitizers' libraries come before everything else; UBSan's before ASan's, or it writes its
# reports to the terminal. PYTHONSAFEPATH: the installed packages are tested, not this folder.
with_python() {
    LD_PRELOAD="$(library libubsan.so) $(library libasan.so) $(library libstdc++.so.6)" \
        PYTHONSAFEPATH=1 PYTHONMALLOC=malloc "$python" "$@"
}

# Nothing is learnt from silence before what was planted has been found, in the same process
# and with the same flags as the kernel.
plant() {
    rm -rf "$folder/planted" && mkdir "$folder/planted"
    report_to "$folder/planted"
    with_python -c "import ctypes; ctypes.CDLL('$folder/build/native/libplanted.so').$1" \
        >/dev/null 2>&1 && status=0 || status=$?
    if [ "$status" = 0 ] || ! grep -q "$2" "$folder"/planted/* 2>/dev/null; then
        echo "The sanitizers don't see $1 (status $status, no report of \"$2\")." >&2
        exit 1
    fi
}
plant 'planted_read(10)' 'heap-buffer-overflow'
plant 'planted_sum(1)' 'signed integer overflow'
plant 'planted_cast(ctypes.c_double(1e30))' 'outside the range of representable values'
with_python - "$python" <<'END'
import sys
from pathlib import Path

import pycwt_mod._kernel

path = Path(pycwt_mod._kernel.__file__)
if Path(sys.argv[1]).parent.parent not in path.parents or b"__asan_report" not in path.read_bytes():
    sys.exit(f"{path} is not the kernel with sanitizers")
END

# Threads share work in the kernel. ThreadSanitizer can't be combined with the others.
threads=$folder/threads
[ -e "$threads/build.ninja" ] || meson setup "$threads" -Dkernel_only=true \
    -Dbuildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false >"$folder/threads.log"
meson compile -C "$threads" planted_race test_kernel >"$folder/threads.log" || {
    cat "$folder/threads.log" >&2
    exit 1
}
if "$threads/native/planted_race" >"$folder/planted/race" 2>&1 ||
    ! grep -q 'data race' "$folder/planted/race"; then
    echo "ThreadSanitizer doesn't see a data race." >&2
    exit 1
fi

rm -f "$reports"/*
report_to "$reports"
status=0
meson test -C "$threads" --print-errorlogs --timeout-multiplier 20 kernel || status=$?
meson test -C "$folder/build" --print-errorlogs --timeout-multiplier 10 || status=$?
with_python -m pytest -q -p no:cacheprovider tests/kernel tests/drivers tests/science || status=$?
for report in "$reports"/*; do
    if [ -e "$report" ]; then
        echo "== $report" >&2
        cat "$report" >&2
        status=1
    fi
done
[ "$status" = 0 ] && echo "No sanitizer has anything to report."
exit "$status"
