"""G.711 and tones: what a simulated phone says, and what it hears (ITU-T G.711; Goertzel)."""
import math

RATE = 8000             # samples a second
FRAME = 160             # samples of a packet: 20 ms


def _from_ulaw(byte):
    byte = ~byte & 0xff
    exponent, mantissa = byte >> 4 & 7, byte & 15
    value = ((mantissa << 3) + 0x84 << exponent) - 0x84
    return -value if byte & 0x80 else value


def _from_alaw(byte):
    byte ^= 0x55
    exponent, mantissa = byte >> 4 & 7, byte & 15
    value = (mantissa << 4) + 8 if exponent == 0 else (mantissa << 4) + 0x108 << exponent - 1
    return value if byte & 0x80 else -value


DECODE = {0: [_from_ulaw(b) for b in range(256)], 8: [_from_alaw(b) for b in range(256)]}     # by RTP payload type
TYPES = dict(PCMU=0, PCMA=8)


def _encoder(table):
    """The nearest code of every multiple of 16 between the extremes of 16 bits."""
    codes = sorted(range(256), key=lambda b: table[b])
    found, at = [], 0
    for value in range(-32768, 32768, 16):
        while at + 1 < 256 and abs(table[codes[at + 1]] - value) <= abs(table[codes[at]] - value): at += 1
        found.append(codes[at])
    return found


ENCODE = {kind: _encoder(table) for kind, table in DECODE.items()}


def tone_frames(hertz, kind):
    """A tone without seams: one second of it as 50 payloads of 20 ms. hertz: a whole number."""
    table = ENCODE[kind]
    samples = (int(12000 * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(RATE))
    codes = bytes(table[s + 32768 >> 4] for s in samples)
    return [codes[n:n + FRAME] for n in range(0, RATE, FRAME)]


def share(samples, hertz):
    """The share of the energy that one frequency has, 0 to 1 (Goertzel)."""
    turn = 2 * math.cos(2 * math.pi * hertz / RATE)
    a = b = 0.0
    for value in samples: a, b = value + turn * a - b, a
    energy = sum(v * v for v in samples)
    return 2 * (a * a + b * b - turn * a * b) / (len(samples) * energy) if energy else 0.0


def tone_of(payloads, among):
    """Which of these tones [(payload type, bytes)...] are: one of `among`, 0 for silence, None for something else."""
    samples = [DECODE[kind][byte] for kind, payload in payloads if kind in DECODE for byte in payload]
    if not samples or math.sqrt(sum(v * v for v in samples) / len(samples)) < 50: return 0
    best = max(among, key=lambda hertz: share(samples, hertz))
    return best if share(samples, best) > 0.6 else None
