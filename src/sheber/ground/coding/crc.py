"""Cyclic redundancy checks of the links: CRC-16/X-25 of HDLC, CRC-16 of CCSDS frames, CRC-32C of CSP.

Names, parameters and check values are those of the "Catalogue of parametrised CRC algorithms" (Greg Cook,
reveng.sourceforge.io/crc-catalogue).
"""

from __future__ import annotations

import binascii

__all__ = ["crc16_ccsds", "crc16_x25", "crc32c"]

_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits in the other order."""


def crc16_ccsds(data: bytes) -> int:
    """CRC-16/IBM-3740: x^16 + x^12 + x^5 + 1 from ones, highest bit first (CCSDS 132.0-B-3, 4.1.6; ECSS packets)."""
    return binascii.crc_hqx(data, 0xFFFF)


def crc16_x25(data: bytes) -> int:
    """CRC-16/IBM-SDLC, called X-25: the same polynomial, lowest bit first, inverted at the end (ISO/IEC 13239)."""
    turned = binascii.crc_hqx(data.translate(_TURNED), 0xFFFF)
    return (_TURNED[turned & 0xFF] << 8 | _TURNED[turned >> 8]) ^ 0xFFFF


def crc32c(data: bytes) -> int:
    """CRC-32/ISCSI, called Castagnoli: what CSP packets may end with."""
    register = 0xFFFFFFFF
    for byte in data:
        register = _CASTAGNOLI[(register ^ byte) & 0xFF] ^ register >> 8
    return register ^ 0xFFFFFFFF


def _entry(byte: int) -> int:
    """The register after one byte of the reflected polynomial of CRC-32C."""
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_CASTAGNOLI = tuple(_entry(byte) for byte in range(256))
