#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Build the Debian package from a clean copy, and have lintian look at it.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git archive --prefix=imprint/ HEAD | tar -x -C "$work"
cd "$work/imprint"
dpkg-buildpackage -us -uc -b >"$work/log" 2>&1 || { tail -40 "$work/log"; exit 1; }
dpkg-deb --contents "$work"/imprint_*.deb >"$work/contents"
cat "$work/contents"
for file in usr/bin/imprint usr/lib/udev/rules.d/70-imprint.rules usr/share/imprint/usb.yaml usr/share/man/man1/imprint.1.gz; do
	grep -q " \./$file\$" "$work/contents" || { echo "package: it lacks $file" >&2; exit 1; }
done
[ "$(grep -c /70-imprint.rules "$work/contents")" = 1 ] || { echo "package: it has the udev rules twice" >&2; exit 1; }
lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$work"/imprint_*.changes
