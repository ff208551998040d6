#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The main job, end to end: eight simulated devices on eight serial ports, provisioned and proven.
# demo.sh [--usb] [FOLDER] leaves every intermediate file in FOLDER (./demo); IMPRINT names the binary.
# --usb: on the kernel's own USB in place of pseudo-terminals, as root where there is vhci-hcd.
set -eu
exec 2>&1 # one story, in order

here=$(cd "$(dirname "$0")/.." && pwd)
imprint=${IMPRINT:-$here/build/cmd/imprint/imprint}
case $imprint in
/*) ;;
*) imprint=$PWD/$imprint ;;
esac
devices='sim/1 sim/2 sim/3 sim/4 sim/5 sim/6 sim/7 sim/8'
if [ -t 1 ]; then
	bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
else
	bold='' dim='' plain=''
fi

heading() {
	printf '\n%s== %s%s\n' "$bold" "$1" "$plain"
}

# Show a command as one would type it, then run it.
run() {
	printf '%s$ imprint' "$dim"
	printf ' %s' "$@"
	printf '%s\n' "$plain"
	"$imprint" "$@"
}

# The device itself must refuse, for this reason and with this status.
refused() {
	reason=$1 status=$2
	shift 2
	rc=0
	run "$@" >refused.log 2>&1 || rc=$?
	grep -v -e '^hint:' -e '^imprint:' refused.log
	if [ "$rc" -ne "$status" ] || ! grep -q "the device refuses ($reason)" refused.log; then
		echo "demo: expected the device to refuse ($reason) with status $status, got $rc" >&2
		exit 1
	fi
	rm -f refused.log
	echo "   exit status $rc: as it should be"
}

# The audit must find this, and say that it found something.
finds() {
	code=$1
	shift
	rc=0
	run audit "$@" >audit.log 2>&1 || rc=$?
	grep -v '^imprint:' audit.log
	if [ "$rc" -ne 11 ] || ! grep -q "^alarm $code (" audit.log || [ "$(grep -c '^[a-z]* [a-z-]* ([0-9]*)' audit.log)" -ne 1 ]; then
		echo "demo: expected one kind of finding, $code, and status 11, got $rc" >&2
		exit 1
	fi
	rm -f audit.log
	echo "   exit status $rc: as it should be"
}

each() {
	for device in $devices; do
		printf -- '-d %s ' "$device"
	done
}

# The last byte belongs to the last package's wrapped key: turn one bit of it.
tamper() {
	size=$(wc -c <"$1")
	last=$(tail -c 1 "$1" | od -An -tu1 | tr -d ' ')
	head -c $((size - 1)) "$1"
	# shellcheck disable=SC2059 # the format is made of a number
	printf "\\$(printf %03o $((last ^ 1)))"
}

prepare() {
	heading 'Keys: the factory'\''s, the owner'\''s, a stranger'\''s, and the seed of generated secrets'
	run keygen --class test -o factory.pem --public factory.pub.pem
	run keygen --class test -o owner.pem --public owner.pub.pem
	run keygen --class test -o stranger.pem --public stranger.pub.pem
	run keygen --type seed -o seed.key

	heading 'A ledger: what the line does is written down, in a tree that only grows'
	run keygen --type eddsa --class test -o log.pem --public log.pub.pem
	run ledger init --ledger line.db --origin demo.example/line
	run ledger key log.pub.pem --name demo.example/line -o log.vkey

	heading 'What is wanted: one profile, eight devices'
	cp "$here"/profiles/examples/nb-iot-sensor/sensor.yaml "$here"/profiles/examples/nb-iot-sensor/devices.csv .
	sed -n '/^settings:/,$p' sensor.yaml
	head -3 devices.csv
	echo ...
}

# Inside the simulation: what a person at a line does.
provision() {
	# shellcheck disable=SC2046 # the words of it are options
	set -- $(each) --cards devices.cards --factory factory.pub.pem
	heading 'Enroll: each device says who it is; the factory'\''s endorsement makes that more than a claim'
	# shellcheck disable=SC2046
	run enroll $(each) -o devices.cards --factory factory.pub.pem --ledger line.db

	heading 'Claim: become the owner'
	run claim -k owner.pem "$@" --ledger line.db

	heading 'Pack: compile, sign, and encrypt to one device each; nothing in clear is written'
	run pack sensor.yaml --csv devices.csv -k owner.pem --seed seed.key --cards devices.cards \
		--factory factory.pub.pem -o devices.packages

	heading 'Push: to all eight at once; PASS is a device'\''s signed evidence, appraised'
	run push "$@" --owner owner.pub.pem --ledger line.db devices.packages

	heading 'Push again: what is there is not written twice'
	run push -d sim/1 --cards devices.cards --factory factory.pub.pem --owner owner.pub.pem \
		--ledger line.db devices.packages
}

attack() {
	set -- --cards devices.cards --factory factory.pub.pem

	heading 'One bit of a package is turned: sim/8 refuses it'
	tamper devices.packages >tampered.packages
	refused decrypt 5 push -d sim/8 "$@" --index 8 tampered.packages

	heading 'The package of sim/2 is sent to sim/1: sim/1 refuses it'
	refused not-for-me 4 push -d sim/1 "$@" --index 2 devices.packages

	heading 'A stranger signs the same settings, with a higher sequence: sim/1 refuses them'
	run pack sensor.yaml --csv devices.csv -k stranger.pem --seed seed.key "$@" --sequence 9 \
		-o stranger.packages
	refused scope 4 push -d sim/1 "$@" --index 1 stranger.packages

	heading 'A newer profile is applied, then the old package comes back: sim/1 refuses it'
	run pack sensor.yaml --csv devices.csv -k owner.pem --seed seed.key "$@" --sequence 2 \
		-s apn=iot2.example -o newer.packages
	run push -d sim/1 "$@" --owner owner.pub.pem --ledger line.db newer.packages
	refused sequence 4 push -d sim/1 "$@" --index 1 devices.packages
}

# Whoever has the owner's key can do that; not without leaving two entries in the device's history.
night() {
	set -- --cards devices.cards --factory factory.pub.pem
	heading 'At night somebody with the owner'\''s key puts other settings on sim/5, and then the right ones again'
	run pack sensor.yaml --csv devices.csv -k owner.pem --seed seed.key "$@" --sequence 5 \
		-s apn=elsewhere.example -o night.packages
	run push -d sim/5 "$@" night.packages
	run pack sensor.yaml --csv devices.csv -k owner.pem --seed seed.key "$@" --sequence 6 -o back.packages
	run push -d sim/5 "$@" back.packages

	heading 'In the morning the line goes on: nothing looks wrong'
	run pack sensor.yaml --csv devices.csv -k owner.pem --seed seed.key "$@" --sequence 7 -o morning.packages
	run push -d sim/5 "$@" --owner owner.pub.pem --ledger line.db morning.packages
}

audit() {
	set -- --ledger line.db --owner owner.pub.pem --factory factory.pub.pem --checkpoint line.checkpoint --log log.vkey
	heading 'Audit: what the devices have proven, held against what was issued'
	run ledger checkpoint --ledger line.db -k log.pem -o line.checkpoint
	finds history-gap "$@" --html audit.html

	heading 'Audit sim/5 itself: its history names what was put there, and by whom'
	finds unissued-profile "$@" -d sim/5
}

conclude() {
	# shellcheck disable=SC2046
	set -- $(each) --cards devices.cards --factory factory.pub.pem
	heading 'Verify: eight devices, provisioned and attested'
	run verify "$@" --owner owner.pub.pem --ledger line.db
}

if [ "${1-}" = --inside ]; then
	provision
	attack
	night
	conclude
	audit
	exit
fi

line=pseudo-terminals usb=
if [ "${1-}" = --usb ]; then
	line="the kernel's USB" usb=--usb
	shift
fi
folder=${1:-demo}
if [ -e "$folder" ] && [ ! -e "$folder/.imprint-demo" ]; then
	echo "demo: $folder is there, and no earlier demo made it" >&2
	exit 2
fi
rm -rf "$folder"
mkdir "$folder"
cd "$folder"
: >.imprint-demo
prepare
heading "Eight devices: the real agent over emulated flash, on $line (test devices)"
set -- simulate $usb --csv devices.csv --factory factory.pem --
printf '%s$ imprint %s ...%s\n' "$dim" "$*" "$plain"
IMPRINT=$imprint "$imprint" "$@" sh "$here/tests/demo.sh" --inside
heading "What it left in $folder/ for reading (imprint inspect FILE)"
ls
