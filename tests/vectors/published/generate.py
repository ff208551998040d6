# SPDX-License-Identifier: Apache-2.0
"""Print the table of lib/cose/published.c: the kids of the keys in keys.json, ascending."""
import json
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parents[1] / "interop"))
import cose  # noqa: E402

PLACES = {"RFC 9052 C.7": "RFC_9052", "RFC 8392 A.2.3": "RFC_8392", "RFC 8032 7.1": "RFC_8032", "RFC 7748 6.1": "RFC_7748", "RFC 6979 A.2.5": "RFC_6979",
          "cose-wg/Examples": "COSE_WG", "the generator of P-256": "GENERATOR", "Wycheproof": "WYCHEPROOF", "imprint's own tests": "OURS"}


def private_key(entry):
    d = bytes.fromhex(entry["d"])
    if entry["crv"] == "P-256":
        return ec.derive_private_key(int.from_bytes(d, "big"), ec.SECP256R1())
    return (ed25519.Ed25519PrivateKey if entry["crv"] == "Ed25519" else x25519.X25519PrivateKey).from_private_bytes(d)


def rows():
    keys = json.loads((HERE / "keys.json").read_text(encoding="utf-8"))
    return sorted((cose.kid_of(cose.public_map(private_key(e).public_key())), e["source"]) for e in keys)


if __name__ == "__main__":
    for kid, source in rows():
        print("\t{ { " + ", ".join(f"0x{b:02x}" for b in kid) + " }, " + PLACES[source] + " },")
