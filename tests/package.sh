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
dpkg-deb --contents "$work"/imprint_*.deb
lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$work"/imprint_*.changes
