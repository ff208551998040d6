#!/bin/sh
# The whole line, from new devices to proven ones: sh line.sh PROFILE, in the project's folder.
# Beside simulated devices (imprint simulate ... -- sh line.sh PROFILE) "all" is all of them, else every serial port.
set -eu
profile=$1

# Who is there? Cards hold each device's public keys, vouched for by the factory.
imprint enroll -d all -o line.cards --factory factory.pub

# Become their owner: from now on only what owner.pem signs is taken.
imprint claim -k owner.pem -d all --cards line.cards --factory factory.pub --evidence line.evidence

# A package for each row, signed by the owner, which only its device can open.
imprint pack "$profile" --csv devices.csv --seed seed.key -k owner.pem --cards line.cards --factory factory.pub \
	--force -o line.packages

# Each device gets its own. PASS: it has signed that it holds this very profile.
imprint push line.packages -d all --cards line.cards --factory factory.pub --owner owner.pub --evidence line.evidence \
	--junit push.xml

# Proven again, at any later time.
imprint verify -d all --cards line.cards --factory factory.pub --owner owner.pub --evidence line.evidence \
	--expect line.packages --junit verify.xml
