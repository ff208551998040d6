#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's kernel and an initramfs that makes the machine's own files a guest's: prepare.sh FOLDER.
# The package is fetched once and taken apart; nothing is installed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"

# The package that linux-image-amd64 stands for now.
package() {
	apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p'
}

fetch() {
	name=$(package)
	if [ ! "$name" ]; then
		apt-get -qq update >&2
		name=$(package)
	fi
	[ "$name" ] || { echo "prepare: apt knows no linux-image-amd64; try apt-get update" >&2; exit 1; }
	rm -rf boot lib ./*.deb
	if ! apt-get -qq -o APT::Sandbox::User=root download "$name"; then
		apt-get -qq update >&2 # the list was too old
		name=$(package)
		apt-get -qq -o APT::Sandbox::User=root download "$name" || { echo "prepare: apt cannot download $name" >&2; exit 1; }
	fi
	dpkg-deb --fsys-tarfile "$name"_*.deb | tar -x --wildcards './boot/vmlinuz-*' './lib/modules/*/modules.*' \
		'./lib/modules/*/kernel/drivers/usb/*' './lib/modules/*/kernel/drivers/virtio/*' './lib/modules/*/kernel/net/9p/*' \
		'./lib/modules/*/kernel/fs/*' './lib/modules/*/kernel/lib/*' './lib/modules/*/kernel/crypto/*'
	rm -f ./*.deb
	depmod -b . "$(ls lib/modules)" 2>/dev/null
	mv boot/vmlinuz-* vmlinuz
}

# What is needed before the machine's files are there; the rest is loaded from them.
initramfs() {
	rm -rf root
	mkdir -p root/bin root/modules root/proc root/sys root/dev root/lower root/upper root/host
	cp /bin/busybox root/bin/
	install -m 755 "$here/init" root/init
	number=100
	for module in virtio_pci 9pnet_virtio 9p overlay; do
		modprobe -d . -S "$(ls lib/modules)" --show-depends $module | sed -n 's/^insmod //p'
	done | awk '!seen[$1]++ { print $1 }' | while read -r file; do
		cp "$file" "root/modules/$number.ko"
		number=$((number + 1))
	done
	(cd root && find . | cpio --quiet -o -H newc) >initramfs.new
	mv initramfs.new initramfs
	rm -rf root
}

[ -e vmlinuz ] || fetch
initramfs
