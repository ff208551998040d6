#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On a processor whose integers lie the other way round (s390x, emulated): the unit tests, every fuzz input, and commands whose output must be
# the same bytes as here. Debian's own libraries of that processor are unpacked into build/, not installed.
set -eu
cd "$(dirname "$0")/.."
root=$PWD/build/s390x-root
mkdir -p build
if [ ! -e "$root.done" ]; then
	rm -rf "$root"
	# shellcheck disable=SC2016 # for apt
	mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 'Component: main' | sed -n 's/ bookworm$//p' | head -1)
	mmdebstrap --quiet --variant=extract --architectures=s390x --include=libc6-dev,libssl-dev,libcbor-dev,libusb-1.0-0-dev,libyaml-dev,libsqlite3-dev,libpq-dev \
		bookworm "$root" "deb ${mirror:-http://deb.debian.org/debian} bookworm main"
	# Links from / would lead to this machine's own files.
	find "$root" -lname '/*' | while read -r link; do
		target=$(readlink "$link")
		ln -snf "$(realpath -m --relative-to="$(dirname "$link")" "$root$target")" "$link"
	done
	touch "$root.done"
fi
cat >build/s390x.ini <<END
[binaries]
c = 's390x-linux-gnu-gcc'
ar = 's390x-linux-gnu-ar'
strip = 's390x-linux-gnu-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-s390x-static', '-L', '$root']
[properties]
sys_root = '$root'
pkg_config_libdir = '$root/usr/lib/s390x-linux-gnu/pkgconfig:$root/usr/share/pkgconfig'
[built-in options]
c_args = ['--sysroot=$root']
c_link_args = ['--sysroot=$root']
[host_machine]
system = 'linux'
cpu_family = 's390x'
cpu = 's390x'
endian = 'big'
END
if [ ! -e build/s390x/build.ninja ]; then
	meson setup build/s390x --cross-file build/s390x.ini >build/s390x.log 2>&1 || { cat build/s390x.log >&2; exit 1; }
fi
ninja -C build/s390x cmd/imprint/imprint >build/s390x.log 2>&1 || { cat build/s390x.log >&2; exit 1; }
# All but the two that try every bit and every write: emulated they take an hour. It builds what they need: not all of the tests can be.
# shellcheck disable=SC2046 # names are words
meson test -C build/s390x -t 20 --print-errorlogs --suite unit --suite fuzz $(meson test -C build/s390x --list --suite unit --suite fuzz 2>/dev/null |
	sed -n 's,^imprint:[a-z]* / ,,p' | grep -v '^agent_flip$\|^agent_store$')

# The command as a program that this machine can start.
cat >build/imprint-s390x <<END
#!/bin/sh
exec qemu-s390x-static -L '$root' '$PWD/build/s390x/cmd/imprint/imprint' "\$@"
END
chmod +x build/imprint-s390x
for name in determinism open batch objects export; do
	echo "== $name"
	IMPRINT=$PWD/build/imprint-s390x SOURCE_ROOT=$PWD IMPRINT_DATADIR=$PWD/profiles python3 "tests/cli/test_$name.py"
done
