#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Run ./dev VERB of the committed tree on a bare Debian 12: as root, in a chroot of its own.
set -eu
cd "$(dirname "$0")/.."
verb=${1-test}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mmdebstrap --variant=minbase bookworm "$work/root" >/dev/null
mkdir -p "$work/root/src"
git archive HEAD | tar -x -C "$work/root/src"
cp /etc/resolv.conf "$work/root/etc/" 2>/dev/null || true
# shellcheck disable=SC2016 # expanded inside
unshare --mount --pid --fork sh -c '
	mount -t proc proc "$1/proc"
	mount --bind /dev "$1/dev"
	mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts" 2>/dev/null || true
	exec chroot "$1" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c "cd /src && ./dev $2"
' sh "$work/root" "$verb"
