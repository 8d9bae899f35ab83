#!/bin/sh
# Fuzzes the kernel's tasks for $2 seconds in the folder $1: with clang's libFuzzer, or where there
# is none with random tasks.
set -eu

folder=$1
seconds=$2

for name in clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do
    if printf 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n < 0; }' |
        "$name" -fsanitize=fuzzer,address -x c - -o /dev/null 2>/dev/null; then
        compiler=$name
        break
    fi
done
if [ -n "${compiler:-}" ]; then
    guide=-fsanitize=fuzzer-no-link
else
    echo "There is no clang with libFuzzer: the tasks are random, not led by what they reach."
    echo "On Debian and Ubuntu, apt-get install clang brings it."
    compiler=cc
    guide=
fi

mkdir -p "$folder/corpus"
made=$folder/$compiler
flags="-fno-wrapv -fno-sanitize-recover=all -fsanitize=float-cast-overflow $guide"
[ -e "$made/build.ninja" ] ||
    CC=$compiler meson setup "$made" -Dkernel_only=true -Dbuildtype=debugoptimized \
        -Db_sanitize=address,undefined -Db_lundef=false "-Dc_args=$flags" >/dev/null
meson compile -C "$made" fuzz_kernel >"$folder/build.log" || {
    cat "$folder/build.log" >&2
    exit 1
}

# What was found in earlier runs is where the next one starts; a find lies in $folder as crash-*.
log=$folder/fuzz.log
echo "fuzzing for $seconds s, notes in $log …"
status=0
ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
    "$made/native/fuzz_kernel" -max_total_time="$seconds" -max_len=256 -len_control=0 \
    -timeout=20 -rss_limit_mb=2000 -artifact_prefix="$folder/" "$folder/corpus" \
    >"$log" 2>&1 || status=$?
[ "$status" = 0 ] || tail -n 60 "$log" >&2
grep '^Done ' "$log" || true
exit "$status"
