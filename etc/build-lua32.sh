#!/bin/sh
# A Lua 5.4 with 32-bit integers, as the ELM11 has, from Debian's sources: build-lua32.sh FOLDER
set -eu
folder=$1
mkdir -p "$folder/lists/partial"
cd "$folder"
here=$(pwd)
# Where this machine's packages come from, there are their sources.
apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' 'Component: main' | sort -u > sources.list
apt_here() {
    apt-get --quiet=2 -o Dir::Etc::sourcelist="$here/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State::lists="$here/lists" -o APT::Sandbox::User=root "$@"
}
apt_here update
apt_here source --download-only lua5.4
tar xzf lua5.4_*.orig.tar.gz
cd lua-5.4.*/src
sed -i 's/^#define LUA_INT_DEFAULT.*/#define LUA_INT_DEFAULT LUA_INT_INT/' luaconf.h
rm luac.c
cc -O2 -std=gnu99 -DLUA_USE_POSIX -o "$here/lua" ./*.c -lm
"$here/lua" -e 'assert(math.maxinteger == 0x7fffffff)'
